/** The parts of the page that tell of single phones. The page's script fills the timelines. */
import type { AppNames } from "./event-words.ts";
import { hasTrouble } from "./figures.ts";
import { html, type Markup } from "./markup.ts";
import { phoneName, slowWords, troubles, type PagePhone, type PageTimelines } from "./page-data.ts";
import type { RunRecord } from "./run-record.ts";

/** Phones where something failed, and the slowest of all others. */
const rowsMax = { failed: 20, slow: 20 } as const;

export function phonesSection(
  record: RunRecord,
  timelines: PageTimelines,
  apps: AppNames,
): Markup | undefined {
  const all = record.phonesByInterest;
  if (all.length === 0) return undefined;
  const failed = all.filter(hasTrouble);
  const well = all.filter((phone) => !hasTrouble(phone));
  const shown = [...failed.slice(0, rowsMax.failed), ...well.slice(0, rowsMax.slow)];
  const told = new Set(timelines.phones.map(({ udid }) => udid));
  return html`<section aria-labelledby="phones">
    <h2 id="phones">Failed and slowest phones</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Phone</th>
            <th>Kind</th>
            <th>What failed</th>
            <th class="n">Longest answer</th>
            <th class="n">Longest install</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((phone) => {
            const slow = slowWords(phone);
            const name = phoneName(phone);
            return html`<tr>
              <th scope="row">
                ${told.has(phone.udid) ? html`<a href="#phone-${phone.udid}">${name}</a>` : name}
              </th>
              <td>${phone.kind}</td>
              <td class="wide">
                ${hasTrouble(phone) ? html`<span class="trouble">${troubles(phone, apps).join("; ")}</span>` : "–"}
              </td>
              <td class="n">${slow.answer}</td>
              <td class="n">${slow.install}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    ${restNote(failed.length - rowsMax.failed, well.length - rowsMax.slow)}
  </section>`;
}

function restNote(failed: number, well: number): Markup | undefined {
  const parts = [
    ...(failed > 0 ? [`${failed} more where something failed`] : []),
    ...(well > 0 ? [`${well} more where nothing did, none of them slower`] : []),
  ];
  if (parts.length === 0) return undefined;
  return html`<p class="note">Not in this table: ${parts.join(", and ")}.</p>`;
}

const choiceWords: Readonly<Record<PagePhone["why"], string>> = {
  failed: "something failed",
  slow: "among the slowest",
  sample: "one of the others",
};

export function timelinesSection(timelines: PageTimelines, apps: AppNames): Markup {
  const { phones, phonesLeft, lab, labLeft } = timelines;
  return html`<section aria-labelledby="timelines">
    <h2 id="timelines">Timelines</h2>
    <p class="note">
      ${
        phonesLeft > 0
          ? `${phones.length} of ${phones.length + phonesLeft} phones: those where something failed, the slowest, and some of the others. A trace has all of them (--trace FILE, pippin trace).`
          : `All ${phones.length} phones.`
      }
      An event opens to show its members and its message; <em>because of</em> leads to its cause.
    </p>
    <div class="tools">
      <label
        >Find <input type="search" id="find" placeholder="phone, person, event, number…" autocomplete="off"
      /></label>
      <label><input type="checkbox" id="messages" checked /> messages</label>
    </div>
    <p class="note" id="found" role="status"></p>
    <noscript><p class="note">The timelines need the page's own script.</p></noscript>
    <details class="timeline" id="lab" data-timeline="lab">
      <summary>
        <h3>The lab</h3>
        <span>${labNotes(lab.length, labLeft)}</span>
      </summary>
      <ol class="events"></ol>
    </details>
    ${phones.map(
      (phone) =>
        html`<details class="timeline ${phone.why}" id="phone-${phone.udid}" data-timeline="${phone.udid}">
          <summary>
            <h3>${phoneName(phone.figures)}</h3>
            <span>${notesOn(phone, apps, phonesLeft > 0)}</span>
          </summary>
          <p class="udid">UDID <code>${phone.udid}</code></p>
          <ol class="events"></ol>
        </details>`,
    )}
  </section>`;
}

function labNotes(shown: number, left: number): string {
  const more = left > 0 ? `, ${left} more are not in this page` : "";
  return `${shown} events that are about no phone in particular${more}`;
}

/** Why it is here need not be said where all are. */
function notesOn({ figures, events, left, why }: PagePhone, apps: AppNames, isChoice: boolean): string {
  return [
    ...troubles(figures, apps),
    `${events.length} events`,
    ...(left > 0 ? [`${left} in the middle not kept`] : []),
    ...(isChoice ? [choiceWords[why]] : []),
  ].join(" · ");
}
