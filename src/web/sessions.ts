/**
 * The sessions of browsers. What a browser holds is never kept, only its hash; so the file of sessions opens no door. A
 * session is new at each login, and of one server only. Knows no HTTP.
 */
import type { EpochMillis } from '../units.ts';

/** As it is kept. */
export interface Session {
  /** The hash of what the browser holds. */
  readonly id: string;
  /** The section of the server. */
  readonly section: string;
  readonly user: string;
  /** What the user's password was then: another one ends the session. */
  readonly print: string;
  readonly began: EpochMillis;
  readonly used: EpochMillis;
}

export interface SessionStore {
  load(): readonly Session[];
  save(sessions: readonly Session[]): void;
}

export interface SessionPorts {
  readonly store: SessionStore;
  readonly wall: () => EpochMillis;
  /** Hexadecimal. */
  readonly sha256: (text: string) => string;
  /** 32 random bytes in base64url. */
  readonly random: () => string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A session that nobody uses ends; so does one that is used, in the end. */
const IDLE = 12 * HOUR;
const LONGEST = 7 * 24 * HOUR;
/** Sessions of all users together, and of one; the one that was used longest ago goes first. */
const MAX_SESSIONS = 1000;
const MAX_OF_USER = 20;
/** Use is written down no more often than this: a session that is lost to a crash is that much younger. */
const SAVE_USE = 10 * MINUTE;

/** What a browser may hold; anything else is not even hashed. */
const SECRET = /^[\w-]{43}$/;

export class Sessions {
  readonly #ports: SessionPorts;
  /** By id; undefined: not read yet. */
  #known: Map<string, Session> | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  /** Begins a session. @returns what the browser is to hold, which is said this once */
  begin({ section, user, print }: Pick<Session, 'section' | 'user' | 'print'>): string {
    const secret = this.#ports.random();
    const now = this.#ports.wall();
    const id = this.#ports.sha256(secret);
    this.#makeRoom(user);
    this.#all.set(id, { id, section, user, print, began: now, used: now });
    this.#save();
    return secret;
  }

  /** The session of a browser at one server; it counts as used now. A page that is left open asks again and again. */
  find(secret: string, section: string): Session | undefined {
    const session = this.#get(secret, section);
    if (session === undefined) return undefined;
    const now = this.#ports.wall();
    if (now - session.used >= SAVE_USE) {
      this.#all.set(session.id, { ...session, used: now });
      this.#save();
    }
    return session;
  }

  /** Ends a session, if it is one. */
  end(secret: string, section: string): void {
    const session = this.#get(secret, section);
    if (session === undefined) return;
    this.#all.delete(session.id);
    this.#save();
  }

  /** What a browser sends along with a change; whoever has it cannot find the session. */
  tokenOf(secret: string): string {
    return this.#ports.sha256(`token ${secret}`);
  }

  get #all(): Map<string, Session> {
    this.#known ??= new Map(this.#ports.store.load().map((session) => [session.id, session]));
    return this.#known;
  }

  #get(secret: string, section: string): Session | undefined {
    if (!SECRET.test(secret)) return undefined;
    const session = this.#all.get(this.#ports.sha256(secret));
    return session?.section === section && this.#isFresh(session) ? session : undefined;
  }

  #isFresh({ began, used }: Session): boolean {
    const now = this.#ports.wall();
    // A clock that was set back makes nobody young again for ever.
    return now - used < IDLE && now - began < LONGEST && began - now < HOUR;
  }

  #makeRoom(user: string): void {
    for (const session of this.#all.values()) if (!this.#isFresh(session)) this.#all.delete(session.id);
    const byUse = [...this.#all.values()].toSorted((a, b) => a.used - b.used);
    const theirs = byUse.filter((session) => session.user === user);
    for (const { id } of theirs.slice(0, Math.max(0, theirs.length - MAX_OF_USER + 1))) this.#all.delete(id);
    for (const { id } of byUse.slice(0, Math.max(0, this.#all.size - MAX_SESSIONS + 1))) this.#all.delete(id);
  }

  #save(): void {
    this.#ports.store.save([...this.#all.values()]);
  }
}
