/** A filter that is typed: it counts once it is whole, by Enter or on leaving. */
import { useEffect, useState } from "preact/hooks";
import { Field } from "../../core/form.tsx";

interface IdFieldProps {
  readonly label: string;
  readonly value: string;
  onValue(value: string): void;
}

export function IdField({ label, value, onValue }: IdFieldProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <Field label={label}>
      {(attributes) => (
        <input
          {...attributes}
          type="search"
          value={typed}
          spellcheck={false}
          autoComplete="off"
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onChange={({ currentTarget }) => onValue(currentTarget.value.trim())}
        />
      )}
    </Field>
  );
}
