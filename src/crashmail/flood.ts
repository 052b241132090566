/**
 * Never a flood: decides what goes into which mail, and when. The first crash goes at once; what follows it, or comes
 * together with others, is collected. Pure; times are milliseconds since the epoch, since they outlive a restart.
 */
import type { MailSeverity, QuietHours } from '../config/model.ts';
import { endOfQuiet } from './quiet.ts';

/** A report that waits for its mail. */
export interface Waiting {
  readonly id: string;
  /** All is known that there is to say. Until then it counts, but goes into no mail. */
  readonly isReady: boolean;
  readonly at: number;
  readonly program: string;
  /** Recipients; mails never mix them. */
  readonly to: string;
  /** Given up: never waits for a window. */
  readonly isUrgent: boolean;
  readonly severity: MailSeverity;
  /** How many events it stands for. */
  readonly count: number;
}

export interface Policy {
  readonly window: number;
  readonly windowMax: number;
  readonly burst: number;
  /** 0: none. */
  readonly batch: number;
  readonly quietHours: QuietHours | undefined;
  readonly quietSeverity: MailSeverity;
  readonly maxEvents: number;
}

/** A program in trouble, from its first crash until it has calmed down. */
export interface Memory {
  readonly program: string;
  readonly to: string;
  readonly since: number;
  readonly crashes: number;
  readonly mails: number;
  readonly mailedAt: number;
  readonly lastCrash: number;
  /** Until when after `mailedAt` further crashes are collected. */
  readonly distance: number;
  readonly isGivenUp: boolean;
}

/** One set of recipients. */
export interface Line {
  readonly to: string;
  /** Mails that may go at once; refilled with time. */
  readonly tokens: number;
  readonly tokensAt: number;
  /** What came together with others waits until then; 0: nothing is held. */
  readonly holdUntil: number;
  /** Since when it is held. */
  readonly holdSince: number;
  /** Until then nothing goes at once, since others came just before. */
  readonly warmUntil: number;
}

export interface FloodState {
  readonly memories: readonly Memory[];
  readonly lines: readonly Line[];
}

export const CALM: FloodState = { memories: [], lines: [] };

/** A mail to be written now. */
export interface Draft {
  readonly to: string;
  readonly ids: readonly string[];
  readonly memories: readonly Memory[];
}

export interface Decision {
  readonly drafts: readonly Draft[];
  readonly state: FloodState;
  /** When to decide again. */
  readonly wakeAt: number;
}

export interface Question {
  readonly state: FloodState;
  readonly waiting: readonly Waiting[];
  /** Recipients to whom a mail is just on its way for the first time. */
  readonly onTheWay: ReadonlySet<string>;
  /** Recipients for whom too many mails wait already. */
  readonly blocked: ReadonlySet<string>;
  readonly now: number;
}

/** What comes within this time of something else may belong together. */
const SETTLE = 1000;
/** So many crashes within a second are a storm; of one program at most three count. */
const STORM_CRASHES = 10;
const STORM_OF_PROGRAM = 3;
/** So many within a second, those just mailed included, may be the beginning of one; so many within SLOW, a slow one. */
const CROWD = 6;
const SLOW_CROWD = 15;
const SLOW = 10_000;
/** So many in the last second, after others, mean that it goes on. */
const GOES_ON = 3;
/** A storm is mailed when it has been quiet for so long, or has lasted so long. */
const STORM_QUIET = 5000;
const STORM_LONGEST = 60_000;
const WARM = 10_000;
/** A mail more may go at once after this. */
const REFILL = 30_000;
/** A digest takes along those of other programs that would follow so soon. */
const TOGETHER = 60_000;
/** Programs remembered at most. */
const MAX_MEMORIES = 10_000;

const never = Number.POSITIVE_INFINITY;
const SEVERITIES: readonly MailSeverity[] = ['info', 'warning', 'critical'];
export const isAtLeast = (severity: MailSeverity, least: MailSeverity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);

/** Trouble is over when nothing has crashed for twice as long as crashes are collected. */
const isOver = ({ lastCrash, distance }: Memory, at: number): boolean => at - lastCrash > 2 * distance;

const keyOf = (to: string, program: string): string => `${to}\n${program}`;

/** When a report may be mailed, storms aside. */
function dueAt(item: Waiting, memory: Memory | undefined, policy: Policy, oldest: number): number {
  if (policy.batch > 0) return oldest + policy.batch;
  const calm = item.isUrgent || memory === undefined || isOver(memory, item.at);
  const due = calm ? item.at : Math.max(item.at, memory.mailedAt + memory.distance);
  if (policy.quietHours === undefined || isAtLeast(item.severity, policy.quietSeverity)) return due;
  return endOfQuiet(policy.quietHours, due);
}

interface Candidate {
  readonly item: Waiting;
  readonly due: number;
}

/** The tokens of a line as they are now. */
function refilled(line: Line, policy: Policy, now: number): Line {
  const gained = Math.max(0, now - line.tokensAt) / REFILL;
  return { ...line, tokens: Math.min(policy.burst, line.tokens + gained), tokensAt: now };
}

const newLine = (to: string, policy: Policy, now: number): Line => ({
  to,
  tokens: policy.burst,
  tokensAt: now,
  holdUntil: 0,
  holdSince: 0,
  warmUntil: 0,
});

/** What came since then and was not mailed, or of which not all is known yet; of one program at most three count. */
function weightSince(candidates: readonly Candidate[], since: number): number {
  const recent = candidates.filter(({ item }) => !item.isReady || item.at > since);
  const programs = Map.groupBy(recent, ({ item }) => item.program);
  return [...programs.values()].reduce((sum, items) => sum + Math.min(STORM_OF_PROGRAM, items.length), 0);
}

/** Is it raining? */
const isStorm = (candidates: readonly Candidate[], now: number): boolean =>
  weightSince(candidates, now - SETTLE) >= STORM_CRASHES;

/**
 * May this be the beginning of a storm, or a slow one? What was just mailed counts, too: a quick mail server would
 * otherwise get a mail for each drop of the rain.
 */
function crowdOf(to: string, candidates: readonly Candidate[], { state, now }: Question): 'none' | 'first' | 'more' {
  const mailed = state.memories.filter((memory) => memory.to === to && memory.mailedAt > now - SLOW);
  const fresh = mailed.filter(({ mailedAt }) => mailedAt > now - SETTLE);
  const weight = weightSince(candidates, now - SETTLE);
  // One at a time is no crowd yet, even when they come quickly.
  if (fresh.length > 0 && (weight > 1 || fresh.length + weight >= CROWD)) return 'more';
  if (weight >= CROWD) return 'first';
  const mails = new Set(mailed.map(({ mailedAt }) => mailedAt)).size;
  return mails > 1 && mailed.length + weightSince(candidates, now - SLOW) >= SLOW_CROWD ? 'more' : 'none';
}

type Verdict =
  | { readonly kind: 'wait'; readonly line: Line; readonly wakeAt: number }
  | { readonly kind: 'send'; readonly line: Line; readonly all: boolean };

/** Something is due: does it go now? */
function judge(found: Line, candidates: readonly Candidate[], question: Question): Verdict {
  const { now, onTheWay } = question;
  const hold = (until: number, since = now): Verdict => ({
    kind: 'wait',
    line: { ...found, holdUntil: until, holdSince: since },
    wakeAt: until,
  });
  if (found.holdUntil === 0) {
    const crowd = crowdOf(found.to, candidates, question);
    if (onTheWay.has(found.to) || now < found.warmUntil || crowd === 'more') {
      return hold(now + (isStorm(candidates, now) ? STORM_QUIET : SETTLE));
    }
    if (found.tokens < 1) return hold(now + (1 - found.tokens) * REFILL);
    const warmUntil = crowd === 'first' ? now + WARM : found.warmUntil;
    return { kind: 'send', line: { ...found, tokens: found.tokens - 1, warmUntil }, all: false };
  }
  if (now < found.holdUntil) return { kind: 'wait', line: found, wakeAt: found.holdUntil };
  const last = Math.max(...candidates.map(({ item }) => item.at));
  const longest = found.holdSince + STORM_LONGEST;
  const isLong = found.holdUntil - found.holdSince > SETTLE;
  if (now < longest) {
    // What follows a mail and does not stop within a second is a storm, even if it is heard of slowly.
    if (weightSince(candidates, now - SETTLE) >= GOES_ON) {
      return hold(Math.min(longest, now + SETTLE + 1), found.holdSince);
    }
    if (isLong && candidates.some(({ item }) => !item.isReady)) return hold(now + SETTLE, found.holdSince);
    if (isLong && now < last + STORM_QUIET) return hold(Math.min(longest, last + STORM_QUIET), found.holdSince);
    if (onTheWay.has(found.to)) return hold(now + SETTLE, found.holdSince);
    if (found.tokens < 1) return hold(Math.min(longest, now + (1 - found.tokens) * REFILL), found.holdSince);
  }
  const tokens = Math.max(0, found.tokens - 1);
  return { kind: 'send', line: { ...found, tokens, holdUntil: 0, holdSince: 0, warmUntil: now + WARM }, all: isLong };
}

/** What a mail takes along. */
function chosen(candidates: readonly Candidate[], all: boolean, now: number): readonly Waiting[] {
  if (all) return candidates.map(({ item }) => item);
  const due = new Set(candidates.filter((one) => one.due <= now).map(({ item }) => item.program));
  const isDigest = due.size > 1 || candidates.filter(({ item }) => due.has(item.program)).length > 1;
  const horizon = isDigest ? now + TOGETHER : now;
  const soon = new Set(candidates.filter((one) => one.due <= horizon).map(({ item }) => item.program));
  return candidates.filter(({ item }) => soon.has(item.program)).map(({ item }) => item);
}

/** A program after a mail about it. */
function remember(items: readonly Waiting[], before: Memory | undefined, policy: Policy, now: number): Memory {
  const [first] = items;
  const last = Math.max(...items.map(({ at }) => at));
  const count = items.reduce((sum, item) => sum + item.count, 0);
  const goesOn = before !== undefined && first !== undefined && !isOver(before, first.at);
  return {
    program: first?.program ?? '',
    to: first?.to ?? '',
    since: goesOn ? before.since : (first?.at ?? now),
    crashes: (goesOn ? before.crashes : 0) + count,
    mails: (goesOn ? before.mails : 0) + 1,
    mailedAt: now,
    lastCrash: last,
    distance: goesOn ? Math.min(Math.max(policy.windowMax, policy.window), before.distance * 2) : policy.window,
    isGivenUp: items.some((item) => item.isUrgent),
  };
}

/** The first so many events; the rest follows in another mail. */
function bounded(items: readonly Waiting[], most: number): readonly Waiting[] {
  let left = most;
  return items.filter((item, at) => {
    left -= item.count;
    return left >= 0 || at === 0;
  });
}

interface LineDecision {
  readonly line: Line;
  readonly draft: Draft | undefined;
  readonly wakeAt: number;
}

function decideLine(line: Line, items: readonly Waiting[], question: Question, policy: Policy): LineDecision {
  const { now, state, blocked } = question;
  const ready = items.filter(({ isReady }) => isReady);
  const idle = { ...line, holdUntil: 0, holdSince: 0 };
  if (blocked.has(line.to)) return { line: idle, draft: undefined, wakeAt: never };
  if (ready.length === 0) return { line, draft: undefined, wakeAt: never };
  const memories = new Map(state.memories.map((memory) => [keyOf(memory.to, memory.program), memory]));
  const memoryOf = (item: Waiting): Memory | undefined => memories.get(keyOf(item.to, item.program));
  const oldest = Math.min(...items.map(({ at }) => at));
  const candidates = items.map((item) => ({ item, due: dueAt(item, memoryOf(item), policy, oldest) }));
  const next = Math.min(...candidates.map(({ item, due }) => (item.isReady ? due : never)));
  if (next > now) return { line: idle, draft: undefined, wakeAt: next };
  const verdict = judge(line, candidates, question);
  if (verdict.kind === 'wait') return { line: verdict.line, draft: undefined, wakeAt: verdict.wakeAt };
  const taken = bounded(
    chosen(
      candidates.filter(({ item }) => item.isReady),
      verdict.all || policy.batch > 0,
      now,
    ),
    policy.maxEvents,
  );
  const programs = Map.groupBy(taken, ({ program }) => program);
  const after = [...programs.values()].map((some) => remember(some, some[0] && memoryOf(some[0]), policy, now));
  const draft = { to: line.to, ids: taken.map(({ id }) => id), memories: after };
  return { line: verdict.line, draft, wakeAt: taken.length < ready.length ? now : never };
}

/** The clock may have been set back: nothing lies in the future. */
function noLaterThan(now: number, { memories, lines }: FloodState): FloodState {
  const past = (at: number): number => Math.min(at, now);
  return {
    memories: memories.map((memory) => ({
      ...memory,
      mailedAt: past(memory.mailedAt),
      lastCrash: past(memory.lastCrash),
    })),
    lines: lines.map((line) => ({
      ...line,
      tokensAt: past(line.tokensAt),
      holdSince: past(line.holdSince),
      holdUntil: Math.min(line.holdUntil, now + STORM_LONGEST),
      warmUntil: Math.min(line.warmUntil, now + WARM),
    })),
  };
}

export function decide(asked: Question, policy: Policy): Decision {
  const { now } = asked;
  const state = noLaterThan(now, asked.state);
  const question = { ...asked, state };
  const lines = new Map(state.lines.map((line) => [line.to, refilled(line, policy, now)]));
  const memories = new Map(state.memories.map((memory) => [keyOf(memory.to, memory.program), memory]));
  const drafts: Draft[] = [];
  let wakeAt = never;
  for (const [to, items] of Map.groupBy(asked.waiting, (item) => item.to)) {
    const decision = decideLine(lines.get(to) ?? newLine(to, policy, now), items, question, policy);
    lines.set(to, decision.line);
    wakeAt = Math.min(wakeAt, decision.wakeAt);
    if (decision.draft === undefined) continue;
    drafts.push(decision.draft);
    for (const memory of decision.draft.memories) {
      memories.delete(keyOf(memory.to, memory.program));
      memories.set(keyOf(memory.to, memory.program), memory);
    }
  }
  const kept = [...memories.values()].filter((memory) => isWorthKeeping(memory, now)).slice(-MAX_MEMORIES);
  const live = [...lines.values()].filter((line) => isBusy(line, policy, now));
  return { drafts, state: { memories: kept, lines: live }, wakeAt };
}

/** A program of which nothing good was heard for so long is not waited for. */
const LONGEST_TROUBLE = 7 * 86_400_000;

/** What was mailed once and never again is over by itself; of the others somebody wants to hear the end. */
function isWorthKeeping(memory: Memory, now: number): boolean {
  if (!isOver(memory, now)) return true;
  return (memory.crashes > 1 || memory.isGivenUp) && now - memory.lastCrash < LONGEST_TROUBLE;
}

/** A line that has nothing to remember is as good as new. */
const isBusy = (line: Line, policy: Policy, now: number): boolean =>
  line.tokens < policy.burst || line.holdUntil > 0 || line.warmUntil > now;

/** When a program may be called recovered; it has to run for that long, too. */
export const calmAfter = (memory: Memory, recovered: number): number => Math.max(recovered, memory.distance);

export const forget = (state: FloodState, gone: Memory): FloodState => ({
  ...state,
  memories: state.memories.filter(({ to, program }) => to !== gone.to || program !== gone.program),
});
