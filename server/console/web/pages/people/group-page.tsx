/** One group: who is in it, and what is deployed to it. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import type { GroupDetail } from "../../../../api/group-routes.ts";
import type { UserView } from "../../../../api/user-view.ts";
import { part } from "../../core/api.ts";
import { Failure } from "../../core/failure.tsx";
import { nothing, useFormat } from "../../core/format.ts";
import { Loading, Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { useResource } from "../../core/resource.ts";
import { href } from "../../core/router.ts";
import { For, useMay } from "../../core/session.tsx";
import { Table, type Column } from "../../core/table.tsx";
import { commandMessages } from "../../messages/commands.ts";
import { common } from "../../messages/common.ts";
import { groupMessages } from "../../messages/groups.ts";
import { desiredNames } from "../../messages/installation-words.ts";
import { nav } from "../../messages/navigation.ts";
import { userMessages } from "../../messages/users.ts";
import { AppLink, UserLink } from "../apps/links.tsx";
import { appName, useApps } from "../apps/names.ts";
import { CommandEditor } from "./command-editor.tsx";
import { AddMember, DeleteGroup, RemoveMember, RenameGroup } from "./group-deeds.tsx";
import { TermsCell } from "./terms.tsx";

type Question = "command" | "add" | "rename" | "delete" | { readonly remove: UserView };

export function GroupPage({ groupId }: { groupId: string }) {
  const say = useSay();
  const group = useResource<GroupDetail>(`/api/v1/groups/${part(groupId)}`, [
    "groups",
    "users",
    "deployments",
  ]);
  const [question, setQuestion] = useState<Question>();
  const close = () => setQuestion(undefined);
  const up = { href: href("/groups"), label: say(nav.groups) };
  const { data } = group;
  if (!data) {
    return (
      <Page title={groupId} up={up}>
        {group.failure ? <Failure failure={group.failure} onRetry={group.reload} /> : <Loading />}
      </Page>
    );
  }
  return (
    <Page
      title={data.name}
      lead={`${say(userMessages.id)}: ${data.id}`}
      up={up}
      actions={
        <For role="operator">
          <button onClick={() => setQuestion("command")}>{say(commandMessages.send)}</button>
          <button onClick={() => setQuestion("rename")}>{say(groupMessages.rename)}</button>
          <button class="danger" onClick={() => setQuestion("delete")}>
            {say(common.delete)}
          </button>
          <button class="primary" onClick={() => setQuestion("add")}>
            {say(groupMessages.addMember)}
          </button>
        </For>
      }
    >
      <Failure failure={group.failure} onRetry={group.reload} />
      <Members of={data} onRemove={(user) => setQuestion({ remove: user })} />
      <Deployments of={data} />
      {question === "command" && <CommandEditor to={{ group: data }} onClose={close} />}
      {question === "add" && <AddMember group={data} onClose={close} />}
      {question === "rename" && <RenameGroup group={data} onClose={close} />}
      {question === "delete" && <DeleteGroup group={data} onClose={close} />}
      {typeof question === "object" && <RemoveMember group={data} user={question.remove} onClose={close} />}
    </Page>
  );
}

function Members({ of: { id }, onRemove }: { of: GroupDetail; onRemove: (user: UserView) => void }) {
  const say = useSay();
  const mayAct = useMay("operator");
  const members = usePaged<UserView>("/api/v1/users", { groupId: id }, ["users", "groups"]);
  const actions: Column<UserView> = {
    title: say(common.actions),
    share: 0.9,
    cell: (user) => (
      <button class="danger" onClick={() => onRemove(user)}>
        {say(groupMessages.remove)} <span class="unseen">{user.name}</span>
      </button>
    ),
  };
  return (
    <section>
      <h2>{say(groupMessages.members)}</h2>
      <Table
        label={say(groupMessages.members)}
        rows={members.items}
        paged={members}
        keyOf={(user) => user.id}
        columns={[
          {
            title: say(common.name),
            share: 1.4,
            cell: (user) => <UserLink id={user.id} name={user.name} />,
          },
          { title: say(userMessages.email), share: 1.6, room: "medium", cell: ({ email }) => email },
          {
            title: say(userMessages.phones),
            share: 0.7,
            room: "medium",
            align: "end",
            cell: ({ deviceCount }) => deviceCount,
          },
          {
            title: say(userMessages.terms),
            share: 1.8,
            room: "medium",
            cell: (user) => <TermsCell of={user} />,
          },
          ...(mayAct ? [actions] : []),
        ]}
      />
    </section>
  );
}

function Deployments({ of: { id } }: { of: GroupDetail }) {
  const say = useSay();
  const format = useFormat();
  const apps = useApps();
  const deployments = usePaged<Deployment>("/api/v1/deployments", { groupId: id }, ["deployments"]);
  return (
    <section class="section">
      <h2>{say(groupMessages.deployments)}</h2>
      <Table
        label={say(groupMessages.deployments)}
        rows={deployments.items}
        paged={deployments}
        keyOf={(deployment) => deployment.id}
        empty={say(groupMessages.noDeployments)}
        columns={[
          {
            title: say(common.app),
            share: 1.4,
            cell: ({ adamId }) => <AppLink adamId={adamId}>{appName(apps, adamId)}</AppLink>,
          },
          { title: say(groupMessages.action), share: 1.2, cell: ({ action }) => say(desiredNames[action]) },
          {
            title: say(groupMessages.deadline),
            room: "medium",
            cell: ({ deadline }) => (deadline === null ? nothing : format.time(deadline)),
          },
          {
            title: say(groupMessages.createdAt),
            room: "wide",
            cell: ({ createdAt }) => format.age(createdAt),
          },
        ]}
      />
    </section>
  );
}
