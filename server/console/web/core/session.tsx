/** Who is signed in, and what they may do. */
import { createContext } from "preact";
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "./api.ts";

export type Role = Session["role"];

const rank: Record<Role, number> = { "read-only": 0, operator: 1, admin: 2 };

export const SessionContext = createContext<Session | undefined>(undefined);

/** Throws where nobody is signed in. */
export function useSignedIn(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("nobody is signed in");
  return session;
}

export function useMay(needed: Role): boolean {
  return rank[useSignedIn().role] >= rank[needed];
}

/** Shows what is inside only to who may use it: no dead buttons. */
export function For({ role, children }: { role: Role; children: ComponentChildren }) {
  return useMay(role) ? <>{children}</> : null;
}
