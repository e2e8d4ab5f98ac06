import { browserPath, TestBrowser } from "../support/browser.ts";
import { firstVisit } from "../support/console-page.ts";
import { openBenchLab } from "./bench-lab.ts";
import type { Figure } from "./report.ts";
import { fillStore } from "./stored.ts";

const devices = 10_000;
const visits = 5;

interface Visit {
  readonly paintMs: number;
  readonly figuresMs: number;
  readonly kilobytes: number;
}

/** The dashboard of a server with ten thousand phones, in a browser on the same machine. Without a browser there is no figure. */
export async function measureConsole(tell: (line: string) => void): Promise<Figure[]> {
  if (browserPath === undefined) return [];
  tell(`console at ${devices} stored devices`);
  const lab = await openBenchLab({
    prepare: (directory) => fillStore(directory, { devices, commandsEach: 0 }),
  });
  const browser = await TestBrowser.open();
  try {
    const found: Visit[] = [];
    for (let visit = 0; visit < visits; visit += 1) found.push(await visitDashboard(browser, lab));
    const worst = (figure: keyof Visit) => Math.max(...found.map((one) => one[figure]));
    const how = `${visits} visits by a signed-in browser with an empty cache, headless Chromium on loopback; the worst of them counts.`;
    return [
      {
        id: "console.paint",
        title: `First paint of the dashboard, ${devices.toLocaleString("en")} phones`,
        value: worst("paintMs") / 1_000,
        unit: "s",
        goal: { at: "most", value: 1 },
        how: `First contentful paint, from the navigation on. ${how}`,
      },
      {
        id: "console.figures",
        title: "… until its figures are shown",
        value: worst("figuresMs") / 1_000,
        unit: "s",
        how: `Until the number of phones stands on the page. ${how}`,
      },
      {
        id: "console.weight",
        title: "Weight of the dashboard, compressed",
        value: worst("kilobytes"),
        unit: "KB",
        goal: { at: "most", value: 250 },
        how: "Everything the page asks for, as it comes over the wire, but for the stream of changes.",
      },
    ];
  } finally {
    await browser.close();
    await lab.close();
  }
}

async function visitDashboard(
  browser: TestBrowser,
  { serverUrl, adminKey }: { readonly serverUrl: string; readonly adminKey: string },
): Promise<Visit> {
  const { page, weight } = await firstVisit(browser, serverUrl, adminKey);
  await page.goto(`${serverUrl}/console`);
  await page.locator(".dashboard .figures dd").first().waitFor();
  const times = (await page.evaluate(`({
    paintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity,
    figuresMs: performance.now(),
  })`)) as { paintMs: number; figuresMs: number };
  const bytes = await weight();
  await page.context().close();
  return { ...times, kilobytes: bytes / 1_024 };
}
