/** What can't be undone about the token: taking the account back, and deleting it. */
import { useEffect, useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Account } from "../../../../api/vpp-routes.ts";
import { ApiFailure, call } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CheckField, FormSheet } from "../../core/form.tsx";
import { vpp } from "../../messages/vpp.ts";
import { TokenText } from "./upload-token.tsx";

export function TakeControl({ account, onClose }: { account: Account; onClose: () => void }) {
  const say = useSay();
  const [confirm, setConfirm] = useState(false);
  const [sToken, setToken] = useState("");
  const deed = useDeed(() =>
    call("POST", "/api/v1/vpp/token/take-control", {
      body: { confirm, ...(sToken === "" ? {} : { sToken }) },
    }),
  );
  return (
    <FormSheet
      title={say(vpp.takeControlTitle)}
      submit={say(vpp.takeControl)}
      tone="danger"
      kind="alert"
      disabled={!confirm}
      deed={deed}
      onClose={onClose}
    >
      <p>{say(vpp.takeControlText, { other: account.claimedBy ?? "?" })}</p>
      <CheckField label={say(vpp.takeControlCheck)} checked={confirm} onValue={setConfirm} />
      <details>
        <summary>{say(vpp.newerToken)}</summary>
        <TokenText value={sToken} onValue={setToken} isOptional />
      </details>
    </FormSheet>
  );
}

export function DeleteToken({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const [confirm, setConfirm] = useState(false);
  const count = useStranded();
  const deed = useDeed(() => call("DELETE", "/api/v1/vpp/token?confirm=true"));
  return (
    <FormSheet
      title={say(vpp.deleteTitle)}
      submit={say(vpp.deleteToken)}
      tone="danger"
      kind="alert"
      disabled={!confirm || count === undefined}
      deed={deed}
      onClose={onClose}
    >
      <p>{count !== undefined && say(vpp.deleteText, { n: count })}</p>
      <CheckField label={say(vpp.deleteCheck)} checked={confirm} onValue={setConfirm} />
    </FormSheet>
  );
}

/** How many licences would be stranded: the server says it when it asks for the confirmation. */
function useStranded(): number | undefined {
  const [count, setCount] = useState<number>();
  useEffect(() => {
    void call("DELETE", "/api/v1/vpp/token").catch((error: unknown) => {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.code === "confirmation_required") setCount(Number(error.problem["strandedLicenses"] ?? 0));
    });
  }, []);
  return count;
}
