/** Fields with a name, a hint, and what is wrong with them; questions before something is done. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { Sheet } from "../../../../shared/web/sheet.tsx";
import { useSay } from "../../../../shared/web/preferences.ts";
import { common } from "../messages/common.ts";
import type { ApiFailure } from "./api.ts";
import type { Deed } from "./deed.ts";
import { Failure } from "./failure.tsx";

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  children(attributes: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }): ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described === "" ? {} : { "aria-describedby": described }),
        ...(error ? { "aria-invalid": true as const } : {}),
      })}
      {hint && (
        <p class="hint muted" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="hint error" id={`${id}-error`} lang="en">
          {error}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  onValue(value: string): void;
  readonly type?: "text" | "password" | "email" | "number" | "date" | "datetime-local" | "search" | "url";
  readonly required?: boolean;
  readonly autoComplete?: "off";
  readonly spellcheck?: boolean;
  readonly inputMode?: "numeric";
  readonly min?: number | string;
  readonly max?: number | string;
  readonly step?: number | "any";
  /** Where the focus goes when the sheet opens. */
  readonly "data-focus"?: boolean;
}

export function TextField({ label, value, hint, error, onValue, type = "text", ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <input
          {...rest}
          {...attributes}
          // The types of the elements tell each kind of field apart; which one it is doesn't matter here.
          type={type as "text"}
          value={value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectFieldProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  onValue(value: string): void;
}

export function SelectField({ label, value, options, hint, error, onValue }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckFieldProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  onValue(checked: boolean): void;
}

export function CheckField({ label, checked, onValue }: CheckFieldProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => onValue(currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

export interface FormSheetProps {
  readonly title: string;
  readonly submit: string;
  readonly tone?: "primary" | "danger";
  readonly kind?: "dialog" | "alert";
  readonly disabled?: boolean;
  readonly deed: Pick<Deed<[]>, "isUnderWay" | "failure" | "run">;
  /** Also after it was done, unless there is `onDone`. */
  onClose(): void;
  onDone?: () => void;
  readonly children: ComponentChildren;
}

/** A sheet that asks, does, and goes away when it was done. What was refused stays to be read, with everything that was typed. */
export function FormSheet(props: FormSheetProps) {
  const {
    title,
    submit,
    tone = "primary",
    kind = "dialog",
    disabled = false,
    deed,
    onClose,
    onDone = onClose,
    children,
  } = props;
  const say = useSay();
  return (
    <Sheet title={title} onClose={onClose} kind={kind}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (disabled) return;
          void deed.run().then((done) => {
            if (done) onDone();
          });
        }}
      >
        {children}
        <Failure failure={deed.failure} />
        <div class="sheet-buttons">
          <button type="button" onClick={onClose}>
            {say(common.cancel)}
          </button>
          <button class={tone} disabled={disabled || deed.isUnderWay} type="submit">
            {submit}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

/** What the server says of one field. */
export function errorOf(failure: ApiFailure | undefined, field: string): string | undefined {
  return failure?.fields.get(field);
}

/** A text that is to be taken elsewhere. */
export function CopyButton({ text }: { text: string }) {
  const say = useSay();
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => setCopied(true));
      }}
    >
      <span role="status">{say(isCopied ? common.copied : common.copy)}</span>
    </button>
  );
}
