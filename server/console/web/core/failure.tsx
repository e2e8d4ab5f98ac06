/** What went wrong, in words, with the code and what the server itself said. */
import type { Message } from "../../../../shared/web/messages.ts";
import { useSay } from "../../../../shared/web/preferences.ts";
import { common } from "../messages/common.ts";
import { failures } from "../messages/failures.ts";
import type { ApiFailure } from "./api.ts";

const byCode: ReadonlyMap<string, Message> = new Map(Object.entries(failures));

export function failureMessage(code: string): Message {
  return byCode.get(code) ?? failures.unknown;
}

export function Failure({ failure, onRetry }: { failure: ApiFailure | undefined; onRetry?: () => void }) {
  const say = useSay();
  if (!failure) return null;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{say(failureMessage(failure.code))}</strong> <code>{failure.code}</code>
      </p>
      {failure.message !== "" && (
        <p class="muted" lang="en">
          {failure.message}
        </p>
      )}
      {onRetry && <button onClick={onRetry}>{say(common.retry)}</button>}
    </div>
  );
}
