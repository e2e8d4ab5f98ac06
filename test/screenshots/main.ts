/**
 * `npm run screenshots`: every page and sheet, in both languages and themes, into `screenshots/`. With `-- --only NAME` those whose
 * name begins so; with `-- --width PIXELS` as narrow as a phone. `-- --readme` takes the few that the README shows, into `docs/images/`.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BrowserContextOptions, Page } from "playwright-core";
import { languages } from "../../shared/web/messages.ts";
import { beginLab } from "../../simulator/fleet/beginning.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { browserPath, TestBrowser } from "../support/browser.ts";
import { signIn } from "../support/console-page.ts";
import { adminShots } from "./console-admin.ts";
import { appShots } from "./console-apps.ts";
import { peopleShots } from "./console-people.ts";
import { openPhoneShots } from "./phone.ts";
import type { Shot } from "./shot.ts";

const root = join(import.meta.dirname, "../..");
/** Moving figures have come to rest by then. */
const restMs = 600;
const consoleShots: readonly Shot[] = [...adminShots, ...appShots, ...peopleShots];
const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    width: { type: "string", default: "1280" },
    readme: { type: "boolean", default: false },
  },
});

type Look = BrowserContextOptions & {
  readonly viewport: { readonly width: number; readonly height: number };
};

function look(language: string, theme: "light" | "dark", width: number, height: number): Look {
  return { locale: language, colorScheme: theme, reducedMotion: "reduce", viewport: { width, height } };
}

class Photographer {
  readonly #browser: TestBrowser;
  readonly #lab: RunningLab;
  count = 0;

  constructor(browser: TestBrowser, lab: RunningLab) {
    this.#browser = browser;
    this.#lab = lab;
  }

  async console(shots: readonly Shot[], from: Look, pathOf: (name: string) => string): Promise<void> {
    if (shots.length === 0) return;
    const { page } = await signIn(this.#browser, this.#lab.serverUrl, this.#lab.adminKey, from);
    for (const { name, path, act } of shots) {
      await page.goto(`${this.#lab.serverUrl}/console${path}`);
      await page.locator("h1").waitFor();
      await page.waitForTimeout(restMs);
      await act?.(page);
      await this.#take(page, pathOf(name));
    }
    await page.context().close();
  }

  async phone(names: (name: string) => boolean, from: Look, pathOf: (name: string) => string): Promise<void> {
    const { shots, close } = await openPhoneShots();
    try {
      const { page } = await this.#browser.page(from);
      for (const { name, take } of shots) {
        if (!names(name)) continue;
        await take(page);
        await this.#take(page, pathOf(name));
      }
      await page.context().close();
    } finally {
      await close();
    }
  }

  async #take(page: Page, path: string): Promise<void> {
    await page.waitForTimeout(restMs);
    await page.screenshot({ path });
    this.count += 1;
  }
}

async function main(): Promise<void> {
  if (browserPath === undefined)
    throw new Error("there is no browser: install Chromium, or name one in CHROMIUM_PATH");
  const folder = join(root, flags.readme ? "docs/images" : "screenshots");
  await mkdir(folder, { recursive: true });
  const lab = await startLiveLab({
    ...{ seed: "7", progress: tell, host: "127.0.0.1", serverPort: 0, applePort: 0 },
  });
  const browser = await TestBrowser.open();
  try {
    const photographer = new Photographer(browser, lab);
    const begin = () => beginLab(lab, { seed: "7", play: "journey", fleetSize: 0 });
    if (flags.readme) await takeReadme(photographer, folder, begin);
    else {
      await begin();
      await takeAll(photographer, folder);
    }
    tell(`${photographer.count} screenshots in ${folder}`);
  } finally {
    await browser.close();
    await lab.stop();
  }
}

/** The dashboard has something to tell when it was looked at while something happened. */
async function takeReadme(
  photographer: Photographer,
  folder: string,
  begin: () => Promise<unknown>,
): Promise<void> {
  const how = look("en", "light", 1280, 860);
  const pathOf = (name: string) => join(folder, `${name}.png`);
  const dashboard: Shot = {
    name: "dashboard",
    path: "",
    async act() {
      await begin();
    },
  };
  await photographer.console([dashboard], how, pathOf);
  await photographer.console(
    consoleShots.filter(({ name }) => name === "app"),
    how,
    pathOf,
  );
  const sheet = "phone-sheet-app-installation";
  await photographer.phone(
    (name) => name === sheet,
    look("en", "light", 420, 860),
    () => pathOf("phone"),
  );
}

async function takeAll(photographer: Photographer, folder: string): Promise<void> {
  const wanted = (name: string) => name.startsWith(flags.only);
  for (const language of languages)
    for (const theme of ["light", "dark"] as const) {
      const how = look(language, theme, Number(flags.width), 900);
      const pathOf = (from: string) => (name: string) =>
        join(folder, `${from}-${name}-${language}-${theme}.png`);
      await photographer.console(
        consoleShots.filter(({ name }) => wanted(name)),
        how,
        pathOf("console"),
      );
      await photographer.phone(wanted, how, (name) => join(folder, `${name}-${language}-${theme}.png`));
    }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
