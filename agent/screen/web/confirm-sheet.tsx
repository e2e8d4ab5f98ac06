import { useSay } from "../../../shared/web/preferences.ts";
import { Sheet } from "../../../shared/web/sheet.tsx";
import { phoneMessages } from "./phone-messages.ts";

/** Asks before something that can't be undone. */
export function ConfirmSheet({
  title,
  text,
  yes,
  confirm,
  close,
}: {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly confirm: () => void;
  readonly close: () => void;
}) {
  const say = useSay();
  return (
    <Sheet title={title} kind="alert" class="prompt" onClose={close}>
      <p class="prompt-text">{text}</p>
      <div class="choices">
        <button data-focus onClick={close}>
          {say(phoneMessages.cancel)}
        </button>
        <button
          class="danger"
          onClick={() => {
            close();
            confirm();
          }}
        >
          {yes}
        </button>
      </div>
    </Sheet>
  );
}
