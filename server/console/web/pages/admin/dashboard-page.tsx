/** What the fleet does just now, drawn from the pulse of the server. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import { useFormat } from "../../core/format.ts";
import { Loading, Page } from "../../core/page.tsx";
import { useHistory } from "../../core/history.ts";
import { Plot } from "../../core/plot.tsx";
import type { Pulse } from "../../core/pulse.ts";
import { href } from "../../core/router.ts";
import { dashboard, labelNames } from "../../messages/dashboard.ts";
import { nav } from "../../messages/navigation.ts";
import "./dashboard.css";

export function DashboardPage() {
  const say = useSay();
  const { pulse, plots, from, now } = useHistory();
  if (!pulse) {
    return (
      <Page title={say(nav.dashboard)}>
        <Loading />
      </Page>
    );
  }
  return (
    <Page title={say(nav.dashboard)}>
      <div class="grid dashboard">
        <section class="card">
          <h2>
            <a href={href("/devices")}>{say(dashboard.phones)}</a>
          </h2>
          <Phones pulse={pulse} />
          <Plot
            title={say(dashboard.phones)}
            from={from}
            now={now}
            data={plots.phones}
            series={[
              { label: say(dashboard.enrolled), color: "--info" },
              { label: say(dashboard.connected), color: "--good" },
            ]}
          />
        </section>
        <section class="card">
          <h2>
            <a href={href("/installations")}>{say(dashboard.installations)}</a>
          </h2>
          <Installations pulse={pulse} />
          <Plot
            title={say(dashboard.installations)}
            from={from}
            now={now}
            data={plots.installations}
            series={[
              { label: say(labelNames.installed), color: "--good" },
              { label: say(labelNames.pending), color: "--info" },
              { label: say(labelNames.failed), color: "--bad" },
            ]}
          />
        </section>
        <section class="card">
          <h2>{say(dashboard.commandsPerSecond)}</h2>
          <Plot
            title={say(dashboard.commandsPerSecond)}
            from={from}
            now={now}
            data={plots.commands}
            series={[
              { label: say(dashboard.queued), color: "--info" },
              { label: say(dashboard.acknowledged), color: "--good" },
            ]}
          />
        </section>
        <section class="card">
          <h2>{say(dashboard.failuresPerSecond)}</h2>
          <Plot
            title={say(dashboard.failuresPerSecond)}
            from={from}
            now={now}
            data={plots.failures}
            series={[
              { label: say(dashboard.commandsFailed), color: "--warn" },
              { label: say(dashboard.installsFailed), color: "--bad" },
              { label: say(dashboard.faults), color: "--text" },
            ]}
          />
        </section>
        <section class="card whole">
          <h2>{say(dashboard.licenses)}</h2>
          <Licenses pulse={pulse} />
          <p class="small">
            <a href={href("/apps")}>{say(dashboard.allApps)}</a>
          </p>
        </section>
      </div>
    </Page>
  );
}

function Phones({ pulse: { connected, phones } }: { pulse: Pulse }) {
  const say = useSay();
  const format = useFormat();
  const figures = [
    [dashboard.connected, connected],
    [dashboard.enrolled, phones.enrolled],
    [dashboard.enrolling, phones.enrolling],
    [dashboard.unenrolled, phones.unenrolled],
  ] as const;
  return (
    <dl class="figures">
      {figures.map(([message, value]) => (
        <div key={message.en}>
          <dd>{format.number(value)}</dd>
          <dt>{say(message)}</dt>
        </div>
      ))}
    </dl>
  );
}

const labels = ["installed", "pending", "failed", "notInstalled", "notApplicable"] as const;

function Installations({ pulse: { installations } }: { pulse: Pulse }) {
  const say = useSay();
  const format = useFormat();
  const total = labels.reduce((sum, label) => sum + installations[label], 0);
  return (
    <>
      <div class="stack" aria-hidden="true">
        {labels.map((label) => (
          <span
            key={label}
            class={`part ${label}`}
            style={{ width: `${total === 0 ? 0 : (installations[label] * 100) / total}%` }}
          />
        ))}
      </div>
      <dl class="figures">
        {labels.map((label) => (
          <div key={label}>
            <dd>{format.number(installations[label])}</dd>
            <dt>
              <span class={`dot part ${label}`} /> {say(labelNames[label])}
            </dt>
          </div>
        ))}
      </dl>
    </>
  );
}

function Licenses({ pulse: { licenses } }: { pulse: Pulse }) {
  const say = useSay();
  if (licenses.length === 0) return <p class="muted">{say(dashboard.noApps)}</p>;
  return (
    <ul class="licenses">
      {licenses.map(({ adamId, name, owned, used }) => (
        <li key={adamId}>
          <a href={href(`/apps/${adamId}`)}>{name}</a>
          <span class="meter" aria-hidden="true">
            <span
              class={used >= owned ? "full" : ""}
              style={{ width: `${owned === 0 ? 0 : Math.min(100, (used * 100) / owned)}%` }}
            />
          </span>
          <span class="muted small">{say(dashboard.licensesOf, { used, owned })}</span>
        </li>
      ))}
    </ul>
  );
}
