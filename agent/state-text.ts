/** A phone's document as text. What seldom or never changes is made once: keys, certificates and what was done are most of it. */
import type { EnrollmentRecord, Performed, PhoneState } from "./state.ts";

/** Between two commands in the document. */
const separator = ",\n";

/** Texts of one phone that are good for its next document too. */
export class DocumentTexts {
  /** As they were the last time, and how long the text of each is. */
  readonly #known: { entry: Performed; length: number }[] = [];
  #performed = "";
  #enrollment: { readonly record: EnrollmentRecord; readonly text: string } | undefined;

  /**
   * Of commands, which never change once they are on the list. What came since the last time is put behind what there was, and what went
   * at the front is cut off.
   */
  performed(entries: readonly Performed[]): string {
    const known = this.#known;
    const gone = known.findIndex(({ entry }) => entry === entries[0]);
    const isSame = gone !== -1 && known.at(-1)?.entry === entries[known.length - gone - 1];
    for (const { length } of known.splice(0, isSame ? gone : known.length))
      this.#performed = this.#performed.slice(length + separator.length);
    for (const entry of entries.slice(known.length)) {
      const text = JSON.stringify(entry);
      this.#performed = known.length === 0 ? text : `${this.#performed}${separator}${text}`;
      known.push({ entry, length: text.length });
    }
    return this.#performed;
  }

  enrollment(record: EnrollmentRecord | null): string {
    if (record === null) return "null";
    if (this.#enrollment?.record !== record) this.#enrollment = { record, text: textOfLasting(record) };
    return `{"stage":"${record.stage}",${this.#enrollment.text}}`;
  }
}

/** The members that don't change. */
function textOfLasting(record: EnrollmentRecord): string {
  const { stage: _, certificate, rootCertificate, ...rest } = record;
  const plain = JSON.stringify(rest).slice(1, -1);
  return `${plain},"certificate":${quoted(certificate)},"rootCertificate":${quoted(rootCertificate)}`;
}

const needsNoEscape = /^[\w+/=-]*$/;
/** A text between quotes shares its characters with the text alone. */
function quoted(text: string): string {
  return needsNoEscape.test(text) ? `"${text}"` : JSON.stringify(text);
}

const keysTexts = new WeakMap<NonNullable<PhoneState["keys"]>, string>();
/** Phones that share a pair of keys share its text. */
function textOfKeys(keys: PhoneState["keys"]): string {
  if (keys === null) return "null";
  const text = keysTexts.get(keys) ?? JSON.stringify(keys);
  keysTexts.set(keys, text);
  return text;
}

export function formatPhone(state: PhoneState, texts: DocumentTexts): string {
  const { performed, keys, enrollment, ...rest } = state;
  const plain = JSON.stringify(rest).slice(1, -1);
  const done = texts.performed(performed);
  // Put together by adding, which shares the texts that are kept: a join would copy them.
  return `{${plain},"keys":${textOfKeys(keys)},"enrollment":${texts.enrollment(enrollment)},"performed":[${done}]}\n`;
}
