/** Fields that look something up while they are typed into: a moment after the last key. */
import { useEffect, useState } from "preact/hooks";
import type { UserView } from "../../../../api/user-view.ts";
import { address } from "../../core/api.ts";
import { Field, TextField } from "../../core/form.tsx";
import { useResource } from "../../core/resource.ts";

const restMs = 250;
const proposalsMax = 20;

/** The value once it has not changed for a moment. */
function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

interface SearchFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  onValue(value: string): void;
}

export function SearchField({ label, hint, value, onValue }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  const rested = useRested(typed);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (rested.trim() !== value && rested === typed) onValue(rested.trim());
  }, [rested]);
  return <TextField label={label} hint={hint} value={typed} onValue={setTyped} type="search" />;
}

interface UserFieldProps extends SearchFieldProps {
  readonly error?: string | undefined;
  readonly required?: boolean;
  readonly isFocused?: boolean;
}

/** A user by id; whom the typed text fits are proposed. */
export function UserField({ label, hint, value, error, onValue, required, isFocused }: UserFieldProps) {
  const search = useRested(value.trim());
  const found = useResource<{ items: UserView[] }>(
    search === "" ? null : address("/api/v1/users", { search, limit: proposalsMax }),
    [],
  );
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            list={`${attributes.id}-proposals`}
            value={value}
            required={required === true}
            data-focus={isFocused}
            autoComplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => onValue(currentTarget.value)}
          />
          <datalist id={`${attributes.id}-proposals`}>
            {(found.data?.items ?? []).map(({ id, name, email }) => (
              <option key={id} value={id}>
                {`${name}, ${email}`}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
