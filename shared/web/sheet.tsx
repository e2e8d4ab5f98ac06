/** A modal sheet: the page behind it is inert, the focus stays within, and goes back to where it was. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export interface SheetProps {
  readonly title: string;
  /** Escape. Left out for a sheet that only an answer closes. */
  readonly onClose?: (() => void) | undefined;
  /** `alert` interrupts: a warning, or a question that something waits for. */
  readonly kind?: "dialog" | "alert";
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Sheet({ title, onClose, kind = "dialog", class: className = "", children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (!shown?.isConnected) return undefined;
    const before = document.activeElement;
    shown.showModal();
    // A sheet that scrolls is read from its beginning; the first field, where there is one, is typed into.
    (shown.querySelector<HTMLElement>("[data-focus]") ?? shown).focus();
    return () => {
      shown.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`sheet ${className}`}
      role={kind === "alert" ? "alertdialog" : undefined}
      aria-labelledby={titleId}
      tabIndex={-1}
      onKeyDown={(event) => {
        // A browser lets a second Escape through whatever the page says to the first.
        if (event.key === "Escape" && onClose === undefined) event.preventDefault();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
