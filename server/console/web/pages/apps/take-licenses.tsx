/** Taking licences back, in either of the two ways: asked for with numbers, then followed to its end. */
import { useRef, useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import { Sheet } from "../../../../../shared/web/sheet.tsx";
import type { LicenseActView } from "../../../../api/license-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CheckField, FormSheet } from "../../core/form.tsx";
import { useResource } from "../../core/resource.ts";
import { common } from "../../messages/common.ts";
import { licenseMessages } from "../../messages/licenses.ts";
import { ActProgress } from "./act-progress.tsx";

export type Verb = "revoke" | "reclaim";

/** Whose licences, as the API has it. */
export interface Selection {
  readonly adamId?: string;
  readonly userId?: string;
  readonly serialNumber?: string;
  readonly all?: true;
}

interface TakeLicensesProps {
  readonly verb: Verb;
  readonly of: Selection;
  readonly name: string;
  readonly licenses: number;
  /** That have the app or are getting it; left out where nobody has counted them. */
  readonly devices?: number;
  onClose(): void;
}

export function TakeLicenses({ verb, of, name, licenses, devices, onClose }: TakeLicensesProps) {
  const say = useSay();
  const [act, setAct] = useState<LicenseActView>();
  const [isUnderstood, setUnderstood] = useState(false);
  const isAsked = useRef(false);
  const title = say(verb === "revoke" ? licenseMessages.revokeTitle : licenseMessages.reclaimTitle, { name });
  const deed = useDeed(async (once) => {
    const body = { ...of, ...(of.all ? { confirm: true } : {}) };
    const begun = await call<LicenseActView>("POST", `/api/v1/licenses/${verb}`, { once, body });
    isAsked.current = true;
    setAct(begun);
  });
  if (act) return <Followed title={title} first={act} onClose={onClose} />;
  const isLarge = of.all === true || licenses > 1;
  return (
    <FormSheet
      title={title}
      submit={say(verb === "revoke" ? licenseMessages.revoke : licenseMessages.reclaim)}
      tone="danger"
      kind="alert"
      disabled={isLarge && !isUnderstood}
      deed={deed}
      // Once it is asked for, what becomes of it is shown in place of the question.
      onClose={() => {
        if (!isAsked.current) onClose();
      }}
    >
      {verb === "revoke" ? (
        <>
          <p>
            <strong>{say(licenseMessages.revokeText, { n: licenses })}</strong>
          </p>
          <p>{say(licenseMessages.revokeAfter)}</p>
        </>
      ) : (
        <>
          {devices !== undefined && (
            <p>
              <strong>{say(licenseMessages.reclaimDevices, { n: devices })}</strong>
            </p>
          )}
          <p>{say(licenseMessages.reclaimText, { n: licenses })}</p>
          <p>{say(licenseMessages.reclaimAfter)}</p>
        </>
      )}
      {isLarge && (
        <CheckField label={say(licenseMessages.understood)} checked={isUnderstood} onValue={setUnderstood} />
      )}
    </FormSheet>
  );
}

interface FollowedProps {
  readonly title: string;
  readonly first: LicenseActView;
  onClose(): void;
}

function Followed({ title, first, onClose }: FollowedProps) {
  const say = useSay();
  const { data } = useResource<LicenseActView>(`/api/v1/licenses/acts/${part(first.id)}`, [
    "licenses",
    "installations",
  ]);
  const act = data ?? first;
  return (
    <Sheet title={title} onClose={onClose}>
      <ActProgress act={act} />
      <p class="muted" role="status">
        {act.finishedAt === null ? say(licenseMessages.askedFor) : say(common.done)}
      </p>
      <div class="sheet-buttons">
        <button class="primary" onClick={onClose}>
          {say(common.close)}
        </button>
      </div>
    </Sheet>
  );
}
