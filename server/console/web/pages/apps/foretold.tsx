/** What a deployment will do, before it is confirmed. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Message } from "../../../../../shared/web/messages.ts";
import type { DeploymentPreviewView } from "../../../../api/deployment-preview-routes.ts";
import { Failure } from "../../core/failure.tsx";
import { useFormat } from "../../core/format.ts";
import { Loading } from "../../core/page.tsx";
import type { Resource } from "../../core/resource.ts";
import { deploymentMessages } from "../../messages/deployments.ts";
import { desiredNames } from "../../messages/installation-words.ts";
import { previewMessages } from "../../messages/preview.ts";
import { reasonText } from "./install-labels.tsx";

interface Line {
  readonly n: number;
  readonly message: Message;
  readonly values?: Readonly<Record<string, string | number>>;
  readonly isBad?: boolean;
  /** Said even when there are none. */
  readonly always?: boolean;
}

export function Foretold({ preview }: { preview: Resource<DeploymentPreviewView> }) {
  const say = useSay();
  const format = useFormat();
  const { data, failure, reload } = preview;
  if (!data) return failure ? <Failure failure={failure} onRetry={reload} /> : <Loading />;
  const { licenses, phones, users } = data;
  const refused: Line[] = phones.refused.map(({ reason, count }) => ({
    n: count,
    message: reason === "dep-enrolled" ? previewMessages.refusedDep : previewMessages.refused,
    values: { reason: reasonText(say, reason) },
    isBad: true,
  }));
  const { free } = licenses;
  const lines: Line[] = [
    { n: users.total, message: previewMessages.users, always: true },
    { n: users.withoutPhone, message: previewMessages.withoutPhone },
    { n: phones.total, message: previewMessages.phones, always: true },
    { n: phones.install, message: previewMessages.install },
    { n: phones.offer, message: previewMessages.offer },
    { n: phones.remove, message: previewMessages.remove },
    { n: phones.keep, message: previewMessages.keep },
    { n: phones.untouched, message: previewMessages.untouched },
    ...refused,
    { n: phones.outweighed, message: previewMessages.outweighed, isBad: true },
    { n: users.mustAccept, message: previewMessages.mustAccept },
    { n: users.invitedAlready, message: previewMessages.invitedAlready },
    {
      n: licenses.needed,
      message: previewMessages.needed,
      values: { free },
      isBad: licenses.short > 0,
      always: data.action === "required",
    },
    {
      n: licenses.ifAllAsk,
      message: previewMessages.ifAllAsk,
      values: { free },
      isBad: licenses.ifAllAsk > free,
    },
    { n: licenses.returning, message: previewMessages.returning },
  ];
  const groups = data.groups
    .map(({ name, action }) =>
      action === null
        ? name
        : `${name} (${say(deploymentMessages.hasNow, { action: say(desiredNames[action]) })})`,
    )
    .join(", ");
  return (
    <>
      <p>
        <strong>
          {say(deploymentMessages.forGroups, { action: say(desiredNames[data.action]), groups })}
        </strong>
      </p>
      {data.deadline !== null && <p>{say(deploymentMessages.dueAt, { time: format.time(data.deadline) })}</p>}
      <ul class="foretold">
        {lines
          .filter(({ n, always }) => n > 0 || always)
          .map(({ n, message, values, isBad }) => (
            <li key={`${message.en as string} ${values?.["reason"]}`} class={isBad ? "bad" : ""}>
              <span>{format.number(n)}</span> <span>{say(message, { n, ...values })}</span>
            </li>
          ))}
      </ul>
      {licenses.short > 0 && <p class="notice bad">{say(previewMessages.short, { n: licenses.short })}</p>}
      {data.account !== "usable" && licenses.needed + licenses.ifAllAsk > 0 && (
        <p class="notice warn">{say(previewMessages.accountUnusable)}</p>
      )}
      {!data.complete && <p class="notice warn">{say(previewMessages.incomplete)}</p>}
      {phones.total === 0 && <p class="notice info">{say(previewMessages.nobody)}</p>}
    </>
  );
}
