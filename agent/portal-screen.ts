/** The company portal in a terminal: while no prompt is open, the person types what to see and what to have. */
import { PippinError } from "../shared/errors.ts";
import type { OfferedApp, Phone } from "./phone.ts";
import type { Terminal } from "./terminal.ts";

const usage =
  "Type “apps” to see what your organisation offers, and “install” with a number of that list to have it.";

const words: Readonly<Record<OfferedApp["status"], string>> = {
  Available: "available",
  Requested: "asked for",
  WaitingForTerms: "waits until you have accepted the program's terms",
  Installing: "on its way",
  Installed: "installed",
  Removing: "being removed",
  Failed: "failed",
};

/** Takes what is typed until `signal` aborts. */
export async function showPortal(phone: Phone, terminal: Terminal, signal: AbortSignal): Promise<void> {
  let listed: readonly OfferedApp[] = [];

  async function list(): Promise<void> {
    listed = await phone.portal.list();
    if (listed.length === 0) terminal.print("Your organisation offers you no apps.");
    for (const [index, app] of listed.entries())
      terminal.print(`  ${index + 1} ${app.name}: ${describe(app)}`);
  }

  async function install(wanted: string): Promise<void> {
    if (listed.length === 0) listed = await phone.portal.list();
    const app =
      listed[Number(wanted) - 1] ??
      listed.find(({ name, adamId }) => adamId === wanted || name.toLowerCase() === wanted);
    if (!app) return terminal.print("There is no such app in the list.");
    await phone.portal.install(app.adamId);
    terminal.print(`You have asked for ${app.name}.`);
  }

  async function obey(line: string): Promise<void> {
    const [verb = "", ...rest] = line.trim().toLowerCase().split(/\s+/);
    if (verb === "apps") await list();
    else if (verb === "install" && rest.length > 0) await install(rest.join(" "));
    else if (verb !== "") terminal.print(usage);
  }

  while (!signal.aborted) {
    const line = await terminal.ask("", { hidden: false, signal });
    if (line === undefined) return;
    try {
      await obey(line);
    } catch (error) {
      if (!(error instanceof PippinError)) throw error;
      terminal.print(`That did not work: ${error.message}`);
    }
  }
}

function describe({ status, reason, deadline }: OfferedApp): string {
  const why = reason === null ? "" : ` (${reason})`;
  const when = deadline === null ? "" : `, to be installed at ${new Date(deadline).toISOString()}`;
  return `${words[status]}${why}${when}`;
}
