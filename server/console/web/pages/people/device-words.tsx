/** A phone in a word or two. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { DeviceView } from "../../../../api/device-view.ts";
import { useFormat } from "../../core/format.ts";
import { Badge, type Tone } from "../../core/page.tsx";
import { deviceMessages, deviceStates } from "../../messages/devices.ts";
import { DeviceLink } from "../apps/links.tsx";

export const stateTones: Readonly<Record<DeviceView["state"], Tone>> = {
  enrolling: "info",
  enrolled: "good",
  unenrolled: "quiet",
};

export function nameOfDevice({ deviceName, serialNumber, udid }: DeviceView): string {
  return deviceName ?? serialNumber ?? udid;
}

export function DeviceCell({ of: device }: { of: DeviceView }) {
  return <DeviceLink udid={device.udid}>{nameOfDevice(device)}</DeviceLink>;
}

/** Managed or not, and whether it can be reached now. */
export function LastSeen({ of: { state, connected, lastSeenAt } }: { of: DeviceView }) {
  const say = useSay();
  const format = useFormat();
  if (state !== "enrolled") return <Badge tone={stateTones[state]}>{say(deviceStates[state])}</Badge>;
  return connected ? (
    <Badge tone="good">{say(deviceMessages.connected)}</Badge>
  ) : (
    <span class="muted">{format.age(lastSeenAt)}</span>
  );
}
