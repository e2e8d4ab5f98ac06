/** What an admin can do with one installation, each asked for before it is done. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { InstallationView } from "../../../../api/installation-view.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { FormSheet } from "../../core/form.tsx";
import { useMay } from "../../core/session.tsx";
import { installationMessages } from "../../messages/installations.ts";

type Verb = "resend" | "retry" | "cancel";

const words = {
  resend: [installationMessages.resend, installationMessages.resendTitle, installationMessages.resendText],
  retry: [installationMessages.retryVerb, installationMessages.retryTitle, installationMessages.retryText],
  cancel: [
    installationMessages.cancelVerb,
    installationMessages.cancelTitle,
    installationMessages.cancelText,
  ],
} as const;

const overridden: ReadonlySet<string | null> = new Set(["license-revoked", "reclaimed", "cancelled"]);
const installing: ReadonlySet<string | null> = new Set(["required", "available", "requiredAndAvailable"]);

/** What makes sense as things are; the server has the last word. */
function verbsFor({ state, reason, desired }: InstallationView): Verb[] {
  const isPending = state === "pending" || state === "waitingForTerms" || state === "installing";
  const isStuck = state === "installed" && reason === "license-refused";
  const isMissing = state === "installing" || state === "notInstalled" || state === "failed";
  return [
    ...(state === "failed" || overridden.has(reason) || isStuck ? (["retry"] as const) : []),
    ...(isMissing && installing.has(desired) && reason !== "unenrolled" ? (["resend"] as const) : []),
    ...(isPending && reason !== "cancelled" ? (["cancel"] as const) : []),
  ];
}

export function InstallationActs({ of: installation }: { of: InstallationView }) {
  const say = useSay();
  const mayAct = useMay("operator");
  const [asked, setAsked] = useState<Verb>();
  if (!mayAct) return null;
  return (
    <>
      {verbsFor(installation).map((verb) => (
        <button key={verb} class={verb === "cancel" ? "danger" : ""} onClick={() => setAsked(verb)}>
          {say(words[verb][0])}
        </button>
      ))}
      {asked && <Confirm verb={asked} of={installation} onClose={() => setAsked(undefined)} />}
    </>
  );
}

interface ConfirmProps {
  readonly verb: Verb;
  readonly of: InstallationView;
  onClose(): void;
}

function Confirm({ verb, of: installation, onClose }: ConfirmProps) {
  const say = useSay();
  const { id, adamId, attempts, appName, udid } = installation;
  const [submit, title, text] = words[verb];
  const device = installation.deviceName ?? installation.serialNumber ?? udid;
  const deed = useDeed(() => call("POST", `/api/v1/installations/${part(id)}/${verb}`));
  return (
    <FormSheet
      title={say(title, { app: appName ?? adamId, device })}
      submit={say(submit)}
      tone={verb === "cancel" ? "danger" : "primary"}
      kind={verb === "cancel" ? "alert" : "dialog"}
      deed={deed}
      onClose={onClose}
    >
      <p>{say(text, { attempts })}</p>
    </FormSheet>
  );
}
