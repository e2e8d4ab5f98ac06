/** What axe-core finds wrong with a page by WCAG 2.2, levels A and AA. */
import axe from "axe-core";
import type { Page } from "playwright-core";

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** By standards and habits, or by colours alone: those are what light and dark differ in. */
const checks = {
  all: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  colours: ["color-contrast"],
};

/** A line for each place. Empty is good. */
export async function axeViolations(page: Page, what: keyof typeof checks = "all"): Promise<string[]> {
  // Evaluated, not added as a script: the page's own policy forbids that, as it should.
  await page.evaluate(axe.source);
  const findings = (await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(checks[what])} }).then(({ violations }) => violations)`,
  )) as readonly Finding[];
  return findings.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ target, failureSummary = "" }) =>
        `${id}: ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`,
    ),
  );
}
