/** What an admin does about one person, each after saying what it means. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { UserDetail } from "../../../../api/user-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure } from "../../core/failure.tsx";
import { FormSheet } from "../../core/form.tsx";
import { href, navigate } from "../../core/router.ts";
import { For } from "../../core/session.tsx";
import { common } from "../../messages/common.ts";
import { userDeedMessages, userMessages } from "../../messages/users.ts";
import { useGroups } from "../apps/names.ts";
import { useConfirmedDelete } from "./confirmed.ts";
import { UserForm } from "./user-form.tsx";

type Act = "resend" | "retire" | "reinstate" | "edit" | "delete";

interface DeedProps {
  readonly user: UserDetail;
  onClose(): void;
}

const rootOf = ({ id }: UserDetail) => `/api/v1/users/${part(id)}`;

export function UserDeeds({ user }: { user: UserDetail }) {
  const say = useSay();
  const groups = useGroups();
  const [act, setAct] = useState<Act>();
  const refresh = useDeed(() => call("POST", `${rootOf(user)}/refresh`, { body: {} }));
  const close = () => setAct(undefined);
  const button = (what: Act, label: string, tone = "") => (
    <button class={tone} onClick={() => setAct(what)}>
      {label}
    </button>
  );
  const isRetired = user.terms.status === "retired";
  return (
    <For role="operator">
      <div class="actions deeds">
        {user.terms.status === "invited" && button("resend", say(userDeedMessages.resend))}
        <button disabled={refresh.isUnderWay} onClick={() => void refresh.run()}>
          {say(userDeedMessages.refresh)}
        </button>
        {button("edit", say(userMessages.edit))}
        {isRetired
          ? button("reinstate", say(userDeedMessages.reinstate))
          : button("retire", say(userDeedMessages.retire), "danger")}
        {button("delete", say(common.delete), "danger")}
      </div>
      <Failure failure={refresh.failure} />
      {act === "resend" && <Resend user={user} onClose={close} />}
      {act === "retire" && <Retire user={user} onClose={close} />}
      {act === "reinstate" && <Reinstate user={user} onClose={close} />}
      {act === "delete" && <Delete user={user} onClose={close} />}
      {act === "edit" && <UserForm groups={groups ?? []} user={user} onClose={close} />}
    </For>
  );
}

function Resend({ user, onClose }: DeedProps) {
  const say = useSay();
  const deed = useDeed(() => call("POST", `${rootOf(user)}/invitation`, { body: {} }));
  return (
    <FormSheet
      title={say(userDeedMessages.resendTitle, { name: user.name })}
      submit={say(userDeedMessages.resend)}
      deed={deed}
      onClose={onClose}
    >
      <p>{say(userDeedMessages.resendText, { n: user.terms.inviteCount })}</p>
    </FormSheet>
  );
}

function Retire({ user, onClose }: DeedProps) {
  const say = useSay();
  const deed = useDeed(() => call("POST", `${rootOf(user)}/retire`, { body: {} }));
  return (
    <FormSheet
      title={say(userDeedMessages.retireTitle, { name: user.name })}
      submit={say(userDeedMessages.retire)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      <p>
        <strong>{say(userDeedMessages.licensesReturn, { n: user.seatCount })}</strong>
      </p>
      <p>{say(userDeedMessages.retireText)}</p>
    </FormSheet>
  );
}

function Reinstate({ user, onClose }: DeedProps) {
  const say = useSay();
  const deed = useDeed(() => call("POST", `${rootOf(user)}/reinstate`, { body: {} }));
  return (
    <FormSheet
      title={say(userDeedMessages.reinstateTitle, { name: user.name })}
      submit={say(userDeedMessages.reinstate)}
      deed={deed}
      onClose={onClose}
    >
      <p>{say(userDeedMessages.reinstateText)}</p>
    </FormSheet>
  );
}

function Delete({ user, onClose }: DeedProps) {
  const say = useSay();
  const { counts, deed } = useConfirmedDelete(rootOf(user), {
    licenses: user.seatCount,
    phones: user.deviceCount,
  });
  return (
    <FormSheet
      title={say(userDeedMessages.deleteTitle, { name: user.name })}
      submit={say(common.delete)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
      onDone={() => navigate(href("/users"), { replace: true })}
    >
      <ul class="consequences">
        <li>{say(userDeedMessages.licensesReturn, { n: counts.licenses })}</li>
        <li>{say(userDeedMessages.phonesStay, { n: counts.phones })}</li>
      </ul>
      <p>{say(userDeedMessages.deleteText)}</p>
    </FormSheet>
  );
}
