/** One page about the runs that needs nothing beside itself: no network, no other file. */
import { formatMetric } from "../scenarios/threshold.ts";
import { createHash } from "node:crypto";
import { readReportPart } from "../assets.ts";
import { appNames } from "./event-words.ts";
import { html, jsonForScript, Markup } from "./markup.ts";
import {
  agreementWords,
  failuresOf,
  spanWords,
  thresholdsOf,
  verdictOf,
  type RunOutcome,
  type Verdict,
} from "./outcome.ts";
import { phonesSection, timelinesSection } from "./html-timelines.ts";
import { pageTimelines, type PageTimelines } from "./page-data.ts";
import { plotData, plotMarkup, type Plot } from "./plots.ts";
import { plotsOf } from "./run-plots.ts";
import type { RunRecord } from "./run-record.ts";
import { activity } from "./table.ts";

const runsMax = 500;
const failuresMax = 50;

/** The run that is told of at length, with what was recorded of it. */
export interface RunDetail {
  readonly outcome: RunOutcome;
  readonly record: RunRecord;
}

/** Never throws for what is in a run; whatever came from phones, people or files is text in the page, and nothing else. */
export function htmlReport(outcomes: readonly RunOutcome[], detail: RunDetail | undefined): string {
  const style = readReportPart("report.css");
  const script = readReportPart("report.js");
  const apps = appNames(outcomes.flatMap(({ summary }) => summary?.apps ?? []));
  const timelines = detail && pageTimelines(detail.record, apps);
  const plots = detail ? plotsOf(detail.record, apps) : [];
  const failed = outcomes.filter((outcome) => verdictOf(outcome) === "failed").length;
  const title = titleOf(outcomes, failed);
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <title>${title} · Pippin</title>
        ${element("style", style)}
      </head>
      <body>
        <a class="skip" href="#main">To the report</a>
        ${hero(outcomes, detail, failed)}
        <main id="main">
          ${outcomes.length > 1 ? runsSection(outcomes, detail) : undefined}
          ${detail ? failuresSection(detail.outcome) : undefined}
          ${detail ? thresholdsSection(detail.outcome) : undefined}
          ${detail ? licencesSection(detail, plots) : undefined} ${detail ? coursesSection(plots) : undefined}
          ${detail && timelines ? phonesSection(detail.record, timelines, apps) : undefined}
          ${timelines ? timelinesSection(timelines, apps) : undefined}
        </main>
        <footer>
          <p>
            Pippin, a lab of simulated iPhones. Times are by the lab's clock; the same seed is the same run.
          </p>
        </footer>
        ${element('script type="application/json" id="data"', jsonForScript(scriptData(timelines, plots)).text)}
        ${element("script", script)}
      </body>
    </html> `;
  return page.text;
}

/** With nothing around its content: the hash of it is in the policy. */
function element(tag: string, content: string): Markup {
  return new Markup(`<${tag}>${content}</${tag.split(" ", 1)[0]}>`);
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function titleOf(outcomes: readonly RunOutcome[], failed: number): string {
  const [only] = outcomes;
  if (outcomes.length === 1 && only)
    return `${only.scenario}: ${verdictWords[verdictOf(only)].toLowerCase()}`;
  return failed === 0 ? `${outcomes.length} runs passed` : `${failed} of ${outcomes.length} runs failed`;
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  passed: "Passed",
  failed: "Failed",
  unknown: "Recorded",
};

function hero(outcomes: readonly RunOutcome[], detail: RunDetail | undefined, failed: number): Markup {
  const [only] = outcomes;
  const isOne = outcomes.length === 1;
  const verdict: Verdict = isOne && only ? verdictOf(only) : failed === 0 ? "passed" : "failed";
  const shown = isOne ? only : detail?.outcome;
  return html`<header class="hero ${verdict}">
    <div class="inner">
      <p class="brand">${new Markup(mark)} Pippin</p>
      <p class="verdict">${verdictWords[verdict]}</p>
      <h1>${isOne && only ? only.scenario : titleOf(outcomes, failed)}</h1>
      ${isOne && only ? html`<p class="title">${only.title}</p>` : undefined}
      ${shown ? tiles(shown) : undefined} ${shown ? replayLine(shown) : undefined}
    </div>
  </header>`;
}

/** A pip, from which a tree is raised. */
const mark = `<svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M12 7c-2-2.4-8-2-8 4.4C4 17 8 22 10.4 22c.8 0 1-.4 1.6-.4s.8.4 1.6.4C16 22 20 17 20 11.4 20 5 14 4.6 12 7Z"/><path class="leaf" d="M12 6c0-2.6 1.6-4.4 4.4-4.6C16.6 4 14.8 5.8 12 6Z"/><path class="pip" d="M12 11.5c1.5 1.3 1.5 3.7 0 5-1.5-1.3-1.5-3.7 0-5Z"/></svg>`;

function tiles(outcome: RunOutcome): Markup {
  const { summary, measured, seed, world } = outcome;
  const labWords = world === undefined ? `seed ${seed}` : `${world} world, seed ${seed}`;
  const { acknowledgement, commands, phones } = measured;
  const used = summary?.apps.reduce((sum, app) => sum + app.used, 0);
  const owned = summary?.apps.reduce((sum, app) => sum + app.total, 0);
  const facts: [string, string, string][] = [
    ["Phones", String(summary?.devices ?? phones.seen), `${phones.withTrouble} with something that failed`],
    [
      "Answered commands",
      String(acknowledgement.count),
      `${commands.failed} with an error, ${commands.deferred} put off`,
    ],
    [
      "Push to answer",
      spanWords(acknowledgement.p95Ms),
      `p95; p50 ${spanWords(acknowledgement.p50Ms)}, p99 ${spanWords(acknowledgement.p99Ms)}`,
    ],
    ...(used === undefined || owned === undefined || !summary
      ? []
      : [
          ["Licences in use", `${used} of ${owned}`, agreementWords(summary.drift)] as [
            string,
            string,
            string,
          ],
        ]),
    ["Time in the lab", spanWords(summary?.durationMs ?? measured.spanMs), labWords],
  ];
  return html`<dl class="tiles">
    ${facts.map(
      ([name, value, note]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}<small>${note}</small></dd>
        </div>`,
    )}
  </dl>`;
}

function replayLine({ replay }: RunOutcome): Markup | undefined {
  if (replay === "") return undefined;
  return html`<p class="replay">
    <span>Replay</span> <code>${replay}</code>
    <button type="button" class="copy" data-copy="${replay}">Copy</button>
  </p>`;
}

function runsSection(outcomes: readonly RunOutcome[], detail: RunDetail | undefined): Markup {
  const failed = outcomes.filter((outcome) => verdictOf(outcome) === "failed");
  const rest = outcomes.filter((outcome) => verdictOf(outcome) !== "failed");
  const shown = [...failed, ...rest].slice(0, runsMax);
  const left = outcomes.length - shown.length;
  return html`<section aria-labelledby="runs">
    <h2 id="runs">Runs</h2>
    ${detail ? html`<p class="note">Told of at length below: <b>${detail.outcome.scenario}</b>, seed ${detail.outcome.seed}.</p>` : undefined}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Verdict</th>
            <th>Scenario</th>
            <th>Seed</th>
            <th class="n">Phones</th>
            <th class="n">Answer p95</th>
            <th>What was wrong</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((outcome) => {
            const verdict = verdictOf(outcome);
            const [first = ""] = [...failuresOf(outcome), ...(outcome.summary?.violations ?? [])];
            return html`<tr>
              <td><span class="badge ${verdict}">${verdictWords[verdict]}</span></td>
              <td>${outcome.scenario}</td>
              <td>${outcome.seed}</td>
              <td class="n">${outcome.summary?.devices}</td>
              <td class="n">${spanWords(outcome.measured.acknowledgement.p95Ms)}</td>
              <td class="wide">${first.split("\n")[0]}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="note">${left} more runs are not shown.</p>` : undefined}
  </section>`;
}

function failuresSection(outcome: RunOutcome): Markup | undefined {
  const problems = [...failuresOf(outcome), ...(outcome.summary?.violations ?? [])];
  if (problems.length === 0) return undefined;
  const left = problems.length - failuresMax;
  return html`<section aria-labelledby="failures">
    <h2 id="failures">What was otherwise than expected</h2>
    <ul class="failures">
      ${problems.slice(0, failuresMax).map((problem) => {
        const [first = "", ...more] = problem.split("\n");
        return html`<li>
          <p>${first}</p>
          ${more.length > 0 ? html`<pre>${linked(more.join("\n"))}</pre>` : undefined}
        </li>`;
      })}
    </ul>
    ${left > 0 ? html`<p class="note">and ${left} more</p>` : undefined}
  </section>`;
}

/** `#153` leads to the event of that number. */
function linked(text: string): Markup[] {
  return text
    .split(/(#\d+)/)
    .map((part) => (/^#\d+$/.test(part) ? html`<a href="#e${part.slice(1)}">${part}</a>` : html`${part}`));
}

function thresholdsSection(outcome: RunOutcome): Markup | undefined {
  const thresholds = thresholdsOf(outcome);
  if (thresholds.length === 0) return undefined;
  return html`<section aria-labelledby="limits">
    <h2 id="limits">Limits</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Verdict</th>
            <th>Measured</th>
            <th>Limit</th>
            <th class="n">Value</th>
          </tr>
        </thead>
        <tbody>
          ${thresholds.map(
            ({ metric, limit, value, unit, ok }) =>
              html`<tr>
                <td><span class="badge ${ok ? "passed" : "failed"}">${ok ? "Kept" : "Not kept"}</span></td>
                <td>${metric}</td>
                <td>${limit}</td>
                <td class="n">${value === null ? "nothing was measured" : formatMetric(value, unit)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function licencesSection({ outcome }: RunDetail, plots: readonly Plot[]): Markup {
  const all = outcome.summary?.apps ?? [];
  const apps = all.filter((app) => activity(app) > 0).sort((a, b) => activity(b) - activity(a));
  const idle = all.filter((app) => app.total > 0 && activity(app) === 0).length;
  const drawn = plots.filter(({ id }) => id.startsWith("seats-"));
  return html`<section aria-labelledby="licences">
    <h2 id="licences">Licences</h2>
    ${
      apps.length === 0
        ? undefined
        : html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th>App</th>
                  <th class="n">Owned</th>
                  <th class="n">In use</th>
                  <th class="n">Installed</th>
                  <th class="n">No licence</th>
                  <th class="n">Failed</th>
                  <th class="n">Waiting for terms</th>
                </tr>
              </thead>
              <tbody>
                ${apps.map(
                  (app) =>
                    html`<tr>
                      <th scope="row">${app.name}</th>
                      ${[app.total, app.used, app.installed, app.failedNoLicense, app.failedOther, app.waitingForTerms].map((count) => html`<td class="n">${count}</td>`)}
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    ${idle > 0 ? html`<p class="note">Licences of ${idle} more apps are owned and not in use.</p>` : undefined}
    ${
      drawn.length === 0
        ? html`<p class="note">No licence was taken.</p>`
        : html`${scaleChoice}
            <div class="plots">${drawn.map(plotMarkup)}</div>`
    }
  </section>`;
}

const scaleChoice = html`<fieldset class="scales">
  <legend>Time in the plots</legend>
  <label><input type="radio" name="scale" id="scale-change" value="change" checked /> by change</label>
  <label><input type="radio" name="scale" id="scale-clock" value="clock" /> by the clock</label>
  <span class="note"
    >By change, every change takes the same room: a busy minute is as wide as a quiet day.</span
  >
</fieldset>`;

function coursesSection(plots: readonly Plot[]): Markup {
  const drawn = plots.filter(({ id }) => !id.startsWith("seats-"));
  return html`<section aria-labelledby="states">
    <h2 id="states">States over time</h2>
    ${drawn.length === 0 ? html`<p class="note">Nothing changed.</p>` : html`<div class="plots">${drawn.map(plotMarkup)}</div>`}
  </section>`;
}

function scriptData(timelines: PageTimelines | undefined, plots: readonly Plot[]): unknown {
  return {
    startMs: timelines?.startMs ?? 0,
    timelines: {
      lab: timelines?.lab ?? [],
      ...Object.fromEntries((timelines?.phones ?? []).map(({ udid, events }) => [udid, events])),
    },
    plots: plots.map(plotData),
  };
}
