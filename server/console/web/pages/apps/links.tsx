/** The ways from one thing to another. */
import type { ComponentChildren } from "preact";
import { part } from "../../core/api.ts";
import { nothing } from "../../core/format.ts";
import { href } from "../../core/router.ts";

export function AppLink({ adamId, children }: { adamId: string; children: ComponentChildren }) {
  return <a href={href(`/apps/${part(adamId)}`)}>{children}</a>;
}

export function UserLink({ id, name }: { id: string | null; name?: string | null }) {
  return id === null ? <>{nothing}</> : <a href={href(`/users/${part(id)}`)}>{name ?? id}</a>;
}

export function DeviceLink({ udid, children }: { udid: string; children: ComponentChildren }) {
  return <a href={href(`/devices/${part(udid)}`)}>{children}</a>;
}

export function InstallationLink({ id, children }: { id: string; children: ComponentChildren }) {
  return <a href={href(`/installations/${part(id)}`)}>{children}</a>;
}
