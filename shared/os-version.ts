/** iOS 9 brought licences that a device holds by its serial number. */
export const deviceLicensesSince = "9.0";

/** Whether a version such as `9.3.2` is `minimum` or later. Parts that are missing or no numbers count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = (text: string): number[] => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [have, need] = [parts(version), parts(minimum)];
  for (let place = 0; place < Math.max(have.length, need.length); place += 1) {
    const difference = (have[place] ?? 0) - (need[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
