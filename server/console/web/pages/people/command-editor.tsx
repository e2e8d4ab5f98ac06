/** A command written by hand, with what its schema says beside it, for one phone or for those of a group. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { CommandSchemaView } from "../../../../api/command-schemas-view.ts";
import type { GroupDetail } from "../../../../api/group-routes.ts";
import { call, part, type ApiFailure } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { Failure, failureMessage } from "../../core/failure.tsx";
import { CheckField, Field, SelectField } from "../../core/form.tsx";
import { Loading } from "../../core/page.tsx";
import { useResource } from "../../core/resource.ts";
import { commandPurposes, memberMeanings } from "../../messages/command-help.ts";
import { commandMessages, memberTypes } from "../../messages/commands.ts";
import { common } from "../../messages/common.ts";
import { checkCommand, membersOf } from "./command-schema.ts";

export type Addressee =
  | { readonly group: GroupDetail }
  | { readonly udid: string; readonly name: string; readonly group?: undefined };

interface CommandEditorProps {
  readonly to: Addressee;
  onClose(): void;
}

interface Broadcast {
  readonly commands: readonly unknown[];
  readonly refused: readonly { readonly udid: string; readonly code: string }[];
}

/** What is chosen for a command that no schema tells of. */
const other = "";
const firstType = "DeviceInformation";

export function CommandEditor({ to, onClose }: CommandEditorProps) {
  const say = useSay();
  const schemas = useResource<{ schemas: CommandSchemaView[] }>("/api/v1/command-schemas", []);
  const [broadcast, setBroadcast] = useState<Broadcast>();
  const name = to.group?.name ?? (to.group ? "" : to.name);
  return (
    <Sheet title={say(commandMessages.sendTo, { name })} onClose={onClose} class="large">
      {broadcast ? (
        <Outcome of={broadcast} onClose={onClose} />
      ) : schemas.data ? (
        <Editor to={to} schemas={schemas.data.schemas} onBroadcast={setBroadcast} onClose={onClose} />
      ) : schemas.failure ? (
        <Failure failure={schemas.failure} onRetry={schemas.reload} />
      ) : (
        <Loading />
      )}
    </Sheet>
  );
}

interface EditorProps extends CommandEditorProps {
  readonly schemas: readonly CommandSchemaView[];
  onBroadcast(result: Broadcast): void;
}

function Editor({ to, schemas, onBroadcast, onClose }: EditorProps) {
  const say = useSay();
  const [requestType, setRequestType] = useState(firstType);
  const exampleOf = (type: string) => {
    const example = schemas.find((one) => one.requestType === type)?.example;
    return JSON.stringify(example ?? { RequestType: "" }, null, 2);
  };
  const [text, setText] = useState(() => exampleOf(firstType));
  const [isRaw, setRaw] = useState(false);
  const schema = schemas.find((one) => one.requestType === requestType);
  const [isSure, setSure] = useState(false);
  const { command, fault } = checkCommand(text, schemas, isRaw);
  const isErasing = command?.["RequestType"] === "EraseDevice";
  const deed = useDeed(async (once) => {
    const body = { command, ...(isRaw ? { raw: true } : {}) };
    if (!to.group) return await call("POST", `/api/v1/devices/${part(to.udid)}/commands`, { once, body });
    const sent = { groupId: to.group.id, ...body };
    return onBroadcast(await call<Broadcast>("POST", "/api/v1/commands", { once, body: sent }));
  });
  const said = fault
    ? say(fault.message, { ...fault.values, ...(fault.type ? { type: say(memberTypes[fault.type]) } : {}) })
    : say(isRaw ? commandMessages.goodRaw : commandMessages.good);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!command || (isErasing && !isSure)) return;
        void deed.run().then((done) => {
          if (done && !to.group) onClose();
        });
      }}
    >
      {to.group && <p class="notice info">{say(commandMessages.toGroup, { n: to.group.memberCount })}</p>}
      <SelectField
        label={say(commandMessages.requestType)}
        value={requestType}
        onValue={(chosen) => {
          setRequestType(chosen);
          setText(exampleOf(chosen));
          setRaw(chosen === other);
          setSure(false);
          deed.forget();
        }}
        options={[
          ...schemas.map((one) => [one.requestType, one.requestType] as const),
          [other, say(commandMessages.otherType)],
        ]}
      />
      {schema && <Help of={schema} />}
      <Field label={say(commandMessages.command)} hint={say(commandMessages.commandHint)}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={9}
            spellcheck={false}
            autoComplete="off"
            value={text}
            aria-invalid={fault !== undefined}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </Field>
      <p class={`small ${fault ? "hint error" : "muted"}`} role="status">
        {said}
      </p>
      <CheckField label={say(commandMessages.raw)} checked={isRaw} onValue={setRaw} />
      {isErasing && (
        <div class="notice bad">
          <CheckField
            label={
              to.group
                ? say(commandMessages.eraseGroup, { n: to.group.memberCount })
                : say(commandMessages.eraseOne)
            }
            checked={isSure}
            onValue={setSure}
          />
        </div>
      )}
      <Failure failure={deed.failure} />
      <FieldErrors of={deed.failure} />
      <div class="sheet-buttons">
        <button type="button" class="first" onClick={() => setText(exampleOf(requestType))}>
          {say(commandMessages.example)}
        </button>
        <button type="button" onClick={onClose}>
          {say(common.cancel)}
        </button>
        <button
          class={isErasing ? "danger" : "primary"}
          disabled={!command || (isErasing && !isSure) || deed.isUnderWay}
          type="submit"
        >
          {say(commandMessages.submit)}
        </button>
      </div>
    </form>
  );
}

function Help({ of: schema }: { of: CommandSchemaView }) {
  const say = useSay();
  const { requestType } = schema;
  const members = membersOf(schema);
  const purpose =
    requestType in commandPurposes && commandPurposes[requestType as keyof typeof commandPurposes];
  const meaningOf = (member: string) => {
    const key = `${requestType}.${member}`;
    return key in memberMeanings ? say(memberMeanings[key as keyof typeof memberMeanings]) : "";
  };
  return (
    <div class="command-help">
      {purpose && <p>{say(purpose)}</p>}
      {members.length === 0 ? (
        <p class="muted small">{say(commandMessages.noMembers)}</p>
      ) : (
        <div class="scrolling" tabIndex={0} role="region" aria-label={say(commandMessages.members)}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">{say(commandMessages.member)}</th>
                <th scope="col">{say(commandMessages.type)}</th>
                <th scope="col">{say(commandMessages.meaning)}</th>
              </tr>
            </thead>
            <tbody>
              {members.map(({ name, type, isRequired }) => (
                <tr key={name}>
                  <td>
                    <code>{name}</code>{" "}
                    {isRequired && <strong class="small">{say(commandMessages.required)}</strong>}
                  </td>
                  <td>{say(memberTypes[type])}</td>
                  <td>{meaningOf(name)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

/** What the server says of the members, each by its path. */
function FieldErrors({ of: failure }: { of: ApiFailure | undefined }) {
  if (!failure || failure.fields.size === 0) return null;
  return (
    <ul class="hint error" lang="en">
      {[...failure.fields].map(([path, expected]) => (
        <li key={path}>
          <code>{path}</code>: {expected}
        </li>
      ))}
    </ul>
  );
}

function Outcome({ of: { commands, refused }, onClose }: { of: Broadcast; onClose: () => void }) {
  const say = useSay();
  return (
    <>
      <p class="notice good" role="status">
        {say(commandMessages.result, { n: commands.length })}
      </p>
      {refused.length > 0 && (
        <>
          <p>{say(commandMessages.refused, { n: refused.length })}</p>
          <div class="scrolling" tabIndex={0} role="region" aria-label={say(common.details)}>
            <table class="plain-table">
              <tbody>
                {refused.map(({ udid, code }) => (
                  <tr key={udid}>
                    <td class="mono">{udid}</td>
                    <td>
                      {say(failureMessage(code))} <code>{code}</code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <div class="sheet-buttons">
        <button class="primary" onClick={onClose}>
          {say(common.close)}
        </button>
      </div>
    </>
  );
}
