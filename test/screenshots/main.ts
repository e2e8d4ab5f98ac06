/**
 * `npm run screenshots`: every page and sheet, in both languages and themes, into `screenshots/`. With `-- --only NAME` those whose
 * name begins so; with `-- --width PIXELS` as narrow as a phone. `-- --readme` takes the few that the README shows.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { languages } from "../../shared/web/messages.ts";
import { beginLab } from "../../simulator/fleet/beginning.ts";
import { startLiveLab } from "../../simulator/lab.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { signIn } from "../support/console-page.ts";
import { adminShots } from "./console-admin.ts";
import { peopleShots } from "./console-people.ts";
import type { Shot } from "./shot.ts";

const root = join(import.meta.dirname, "../..");
/** Moving figures have come to rest by then. */
const restMs = 600;

const { values: flags } = parseArgs({
  options: { only: { type: "string", default: "" }, width: { type: "string", default: "1280" } },
});

async function main(): Promise<void> {
  if (browserPath === undefined)
    throw new Error("there is no browser: install Chromium, or name one in CHROMIUM_PATH");
  const folder = join(root, "screenshots");
  await mkdir(folder, { recursive: true });
  const lab = await startLiveLab({
    ...{ seed: "7", progress: tell, host: "127.0.0.1", serverPort: 0, applePort: 0 },
  });
  const browser = await TestBrowser.open();
  try {
    await beginLab(lab, { seed: "7", play: "journey", fleetSize: 0 });
    const shots = [...adminShots, ...peopleShots].filter(({ name }) => name.startsWith(flags.only));
    for (const language of languages)
      for (const theme of ["light", "dark"] as const) {
        const visitor = await signIn(browser, lab.serverUrl, lab.adminKey, {
          ...{ locale: language, colorScheme: theme, reducedMotion: "reduce" },
          viewport: { width: Number(flags.width), height: 900 },
        });
        for (const shot of shots) await take(shot);
        await visitor.page.context().close();

        async function take({ name, path, act }: Shot): Promise<void> {
          const { page } = visitor;
          await page.goto(`${lab.serverUrl}/console${path}`);
          await page.locator("h1").waitFor();
          await page.waitForTimeout(restMs);
          await act?.(page);
          if (act) await page.waitForTimeout(restMs);
          await page.screenshot({ path: join(folder, `console-${name}-${language}-${theme}.png`) });
        }
      }
    tell(`screenshots of ${shots.length} pages and sheets in ${folder}`);
  } finally {
    await browser.close();
    await lab.stop();
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
