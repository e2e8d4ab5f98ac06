/** One of several answers of which one counts, with what it means. */
interface ChoiceProps {
  readonly group: string;
  readonly title: string;
  readonly hint?: string;
  readonly checked: boolean;
  onChoose(): void;
}

export function Choice({ group, title, hint, checked, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name={group} checked={checked} onChange={onChoose} />
      <span>
        {title}
        {hint && <span class="muted">{hint}</span>}
      </span>
    </label>
  );
}
