/** Groups: what apps are deployed to. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Group, GroupDetail } from "../../../../api/group-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { errorOf, FormSheet, TextField } from "../../core/form.tsx";
import { useFormat } from "../../core/format.ts";
import { Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { href, navigate } from "../../core/router.ts";
import { For } from "../../core/session.tsx";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { groupMessages } from "../../messages/groups.ts";
import { nav } from "../../messages/navigation.ts";

export function GroupsPage() {
  const say = useSay();
  const format = useFormat();
  const [isAdding, setAdding] = useState(false);
  const groups = usePaged<GroupDetail>("/api/v1/groups", {}, ["groups", "users", "deployments"]);
  return (
    <Page
      title={say(nav.groups)}
      lead={say(groupMessages.lead)}
      actions={
        <For role="operator">
          <button class="primary" onClick={() => setAdding(true)}>
            {say(groupMessages.add)}
          </button>
        </For>
      }
    >
      <Table
        label={say(nav.groups)}
        rows={groups.items}
        paged={groups}
        keyOf={({ id }) => id}
        columns={[
          {
            title: say(common.name),
            share: 2,
            cell: ({ id, name }) => <a href={href(`/groups/${part(id)}`)}>{name}</a>,
          },
          {
            title: say(groupMessages.members),
            align: "end",
            cell: ({ memberCount }) => format.number(memberCount),
          },
          {
            title: say(groupMessages.deployments),
            align: "end",
            cell: ({ deploymentCount }) => format.number(deploymentCount),
          },
          {
            title: say(groupMessages.createdAt),
            room: "wide",
            cell: ({ createdAt }) => format.age(createdAt),
          },
        ]}
      />
      {isAdding && <AddGroup onClose={() => setAdding(false)} />}
    </Page>
  );
}

function AddGroup({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const [name, setName] = useState("");
  const deed = useDeed(async (once) => {
    const { id } = await call<Group>("POST", "/api/v1/groups", { once, body: { name } });
    navigate(href(`/groups/${part(id)}`));
  });
  return (
    <FormSheet title={say(groupMessages.add)} submit={say(common.create)} deed={deed} onClose={onClose}>
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
