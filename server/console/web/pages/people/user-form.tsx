/** A user's facts: of a new one, or of one that is there. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Group } from "../../../../api/group-routes.ts";
import type { UserView } from "../../../../api/user-view.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CheckField, errorOf, FormSheet, TextField } from "../../core/form.tsx";
import { common } from "../../messages/common.ts";
import { nav } from "../../messages/navigation.ts";
import { userMessages } from "../../messages/users.ts";

interface UserFormProps {
  readonly groups: readonly Group[];
  /** Left out for a new one. */
  readonly user?: UserView;
  onDone?(userId: string): void;
  onClose(): void;
}

export function UserForm({ groups, user, onDone, onClose }: UserFormProps) {
  const say = useSay();
  const [id, setId] = useState(user?.id ?? "");
  const [name, setName] = useState(user?.name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [groupIds, setGroupIds] = useState<readonly string[]>(user?.groupIds ?? []);
  const deed = useDeed((once) =>
    user
      ? call("PATCH", `/api/v1/users/${part(user.id)}`, { body: { name, email, groupIds } })
      : call("POST", "/api/v1/users", { once, body: { id, name, email, groupIds } }),
  );
  const putInto = (groupId: string, isIn: boolean) =>
    setGroupIds(isIn ? [...groupIds, groupId] : groupIds.filter((other) => other !== groupId));
  return (
    <FormSheet
      title={user ? say(userMessages.editTitle, { name: user.name }) : say(userMessages.addLong)}
      submit={say(user ? common.save : common.create)}
      deed={deed}
      onClose={onClose}
      onDone={() => {
        onClose();
        onDone?.(id);
      }}
    >
      {!user && (
        <TextField
          label={say(userMessages.id)}
          hint={say(userMessages.idHint)}
          value={id}
          onValue={setId}
          error={errorOf(deed.failure, "id")}
          required
          spellcheck={false}
          autoComplete="off"
          data-focus
        />
      )}
      <TextField
        label={say(common.name)}
        value={name}
        onValue={setName}
        error={errorOf(deed.failure, "name")}
        required
        autoComplete="off"
        data-focus={user !== undefined}
      />
      <TextField
        label={say(userMessages.email)}
        value={email}
        onValue={setEmail}
        error={errorOf(deed.failure, "email")}
        type="email"
        required
        autoComplete="off"
      />
      <fieldset class="bare">
        <legend>{say(nav.groups)}</legend>
        {groups.length === 0 && <p class="muted">{say(userMessages.noGroups)}</p>}
        <div class="checks">
          {groups.map((group) => (
            <CheckField
              key={group.id}
              label={group.name}
              checked={groupIds.includes(group.id)}
              onValue={(isIn) => putInto(group.id, isIn)}
            />
          ))}
        </div>
      </fieldset>
    </FormSheet>
  );
}
