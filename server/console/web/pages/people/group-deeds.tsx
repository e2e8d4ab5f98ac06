/** What is done to a group, each after saying what it means. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { GroupDetail } from "../../../../api/group-routes.ts";
import type { UserView } from "../../../../api/user-view.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { errorOf, FormSheet, TextField } from "../../core/form.tsx";
import { href, navigate } from "../../core/router.ts";
import { common } from "../../messages/common.ts";
import { groupMessages } from "../../messages/groups.ts";
import { useConfirmedDelete } from "./confirmed.ts";
import { UserField } from "./typed-fields.tsx";

interface GroupDeedProps {
  readonly group: GroupDetail;
  onClose(): void;
}

const rootOf = ({ id }: GroupDetail) => `/api/v1/groups/${part(id)}`;

export function AddMember({ group, onClose }: GroupDeedProps) {
  const say = useSay();
  const [userId, setUserId] = useState("");
  const deed = useDeed(() => call("PUT", `${rootOf(group)}/members/${part(userId.trim())}`));
  return (
    <FormSheet
      title={say(groupMessages.addMemberTitle, { name: group.name })}
      submit={say(groupMessages.addMember)}
      disabled={userId.trim() === ""}
      deed={deed}
      onClose={onClose}
    >
      <UserField
        label={say(common.user)}
        hint={say(groupMessages.memberHint)}
        value={userId}
        onValue={setUserId}
        error={errorOf(deed.failure, "userId")}
        required
        isFocused
      />
    </FormSheet>
  );
}

export function RemoveMember({ group, user, onClose }: GroupDeedProps & { readonly user: UserView }) {
  const say = useSay();
  const deed = useDeed(() => call("DELETE", `${rootOf(group)}/members/${part(user.id)}`));
  return (
    <FormSheet
      title={say(groupMessages.removeTitle, { user: user.name, name: group.name })}
      submit={say(groupMessages.remove)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>{say(groupMessages.removeText, { n: group.deploymentCount })}</p>
    </FormSheet>
  );
}

export function RenameGroup({ group, onClose }: GroupDeedProps) {
  const say = useSay();
  const [name, setName] = useState(group.name);
  const deed = useDeed(() => call("PATCH", rootOf(group), { body: { name } }));
  return (
    <FormSheet
      title={say(groupMessages.renameTitle, { name: group.name })}
      submit={say(common.save)}
      deed={deed}
      onClose={onClose}
    >
      <TextField
        label={say(common.name)}
        value={name}
        onValue={setName}
        error={errorOf(deed.failure, "name")}
        required
        autoComplete="off"
        data-focus
      />
    </FormSheet>
  );
}

export function DeleteGroup({ group, onClose }: GroupDeedProps) {
  const say = useSay();
  const { counts, deed } = useConfirmedDelete(rootOf(group), {
    members: group.memberCount,
    deployments: group.deploymentCount,
  });
  return (
    <FormSheet
      title={say(groupMessages.deleteTitle, { name: group.name })}
      submit={say(common.delete)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
      onDone={() => navigate(href("/groups"), { replace: true })}
    >
      <ul class="consequences">
        <li>{say(groupMessages.deleteMembers, { n: counts.members })}</li>
        <li>{say(groupMessages.deleteDeployments, { n: counts.deployments })}</li>
      </ul>
    </FormSheet>
  );
}
