/** The directory: who there is, and whether they have joined the program. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { UserView } from "../../../../api/user-view.ts";
import { SelectField } from "../../core/form.tsx";
import { Page } from "../../core/page.tsx";
import { usePaged } from "../../core/paged.ts";
import { href, navigate, useQueryValue } from "../../core/router.ts";
import { part } from "../../core/api.ts";
import { For } from "../../core/session.tsx";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { importing } from "../../messages/import.ts";
import { nav } from "../../messages/navigation.ts";
import { termsNames, userMessages } from "../../messages/users.ts";
import { UserLink } from "../apps/links.tsx";
import { useGroups } from "../apps/names.ts";
import { ImportUsers } from "./import-users.tsx";
import { TermsCell, termsStatuses } from "./terms.tsx";
import { SearchField } from "./typed-fields.tsx";
import { UserForm } from "./user-form.tsx";

export function UsersPage() {
  const say = useSay();
  const groups = useGroups();
  const [termsStatus, setTermsStatus] = useQueryValue("termsStatus");
  const [groupId, setGroupId] = useQueryValue("groupId");
  const [search, setSearch] = useQueryValue("search");
  const [question, setQuestion] = useState<"add" | "import">();
  const users = usePaged<UserView>("/api/v1/users", { termsStatus, groupId, search }, [
    "users",
    "devices",
    "licenses",
  ]);
  const close = () => setQuestion(undefined);
  const nameOfGroup = (id: string) => groups?.find((one) => one.id === id)?.name ?? id;
  return (
    <Page
      title={say(nav.users)}
      lead={say(userMessages.lead)}
      actions={
        <For role="operator">
          <button onClick={() => setQuestion("import")}>{say(importing.open)}</button>
          <button class="primary" onClick={() => setQuestion("add")}>
            {say(userMessages.add)}
          </button>
        </For>
      }
    >
      <div class="filters many" role="search" aria-label={say(common.filters)}>
        <SearchField label={say(common.search)} value={search} onValue={setSearch} />
        <SelectField
          label={say(userMessages.terms)}
          value={termsStatus}
          onValue={setTermsStatus}
          options={[
            ["", say(common.all)],
            ...termsStatuses.map((one) => [one, say(termsNames[one])] as const),
          ]}
        />
        <SelectField
          label={say(common.group)}
          value={groupId}
          onValue={setGroupId}
          options={[["", say(common.all)], ...(groups ?? []).map(({ id, name }) => [id, name] as const)]}
        />
      </div>
      <Table
        label={say(nav.users)}
        rows={users.items}
        paged={users}
        keyOf={({ id }) => id}
        empty={say(termsStatus || groupId || search ? common.nothingFits : common.nothingHere)}
        columns={[
          { title: say(common.name), share: 1.4, cell: ({ id, name }) => <UserLink id={id} name={name} /> },
          { title: say(userMessages.email), share: 1.8, room: "medium", cell: ({ email }) => email },
          {
            title: say(nav.groups),
            share: 1.5,
            room: "wide",
            cell: ({ groupIds }) => groupIds.map(nameOfGroup).join(", "),
          },
          {
            title: say(userMessages.phones),
            share: 0.7,
            room: "medium",
            align: "end",
            cell: ({ deviceCount }) => deviceCount,
          },
          {
            title: say(userMessages.licenses),
            share: 0.85,
            room: "medium",
            align: "end",
            cell: ({ seatCount }) => seatCount,
          },
          { title: say(userMessages.terms), share: 2, cell: (user) => <TermsCell of={user} /> },
        ]}
      />
      {question === "add" && (
        <UserForm
          groups={groups ?? []}
          onDone={(id) => navigate(href(`/users/${part(id)}`))}
          onClose={close}
        />
      )}
      {question === "import" && <ImportUsers onClose={close} />}
    </Page>
  );
}
