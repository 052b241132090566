/** The live log of a process: its last lines, then what is appended; search, colours, download. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { act } from './actions.ts';
import { Fault, open } from './api.ts';
import { Choices, Switch } from './choices.tsx';
import { ask } from './dialogs.tsx';
import { describeError } from './faults.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { LogLines } from './log-lines.ts';
import { LogSearch } from './log-search.tsx';
import type { Process } from './model.ts';
import { pause } from './pause.ts';
import { mayOperate } from './store.ts';

type Channel = 'stdout' | 'stderr';
const CHANNELS: readonly Channel[] = ['stdout', 'stderr'];
const TAIL_BYTES = 128 * 1024;
const RETRY_MS = 1000;
const REFUSED_MS = 10_000;
/** Within this distance of its end, the log follows what comes. */
const NEAR_END_PX = 40;

const pathOf = (name: string, channel: Channel): string => `api/v1/logs/${encodeURIComponent(name)}/${channel}`;

interface Following {
  readonly name: string;
  readonly channel: Channel;
  readonly lines: LogLines;
  /** Is called before and after something is added. */
  readonly around: (add: () => void) => void;
  readonly tell: (problem: string) => void;
}

/** Reads one stream to its end. Pieces that come together are added together, once a frame. */
async function readStream({ name, channel, lines, around, tell }: Following, abort: AbortSignal): Promise<void> {
  const body = await open(`${pathOf(name, channel)}?follow=1&tail=${TAIL_BYTES}`, abort);
  tell('');
  around(() => lines.clear());
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (waiting === '') {
      requestAnimationFrame(() => {
        const text = waiting;
        waiting = '';
        around(() => lines.push(text));
      });
    }
    waiting += value;
  }
}

async function follow(following: Following, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    try {
      await readStream(following, abort);
    } catch (error) {
      if (abort.aborted) return;
      const isMissing = error instanceof Fault && error.fault === 'NO_FILE';
      if (error instanceof Fault) following.tell(isMissing ? t('log.none') : describeError(error));
      // What is refused will hardly be there in a moment.
      if (error instanceof Fault) await pause(REFUSED_MS, abort);
    }
    await pause(RETRY_MS, abort);
  }
}

function useLog(name: string, channel: Channel, box: RefObject<HTMLElement | null>, isFollowing: Signal<boolean>) {
  const problem = useSignal('');
  const lines = useRef<LogLines>(undefined);
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    const view = new LogLines(current);
    lines.current = view;
    const abort = new AbortController();
    const around = (add: () => void): void => {
      add();
      if (isFollowing.value) current.scrollTop = current.scrollHeight;
    };
    const tell = (text: string): void => {
      problem.value = text;
    };
    // It never rejects.
    void follow({ name, channel, lines: view, around, tell }, abort.signal);
    return () => {
      abort.abort();
      view.clear();
    };
  }, [name, channel]);
  return { problem, lines };
}

async function clearLogs(name: string): Promise<void> {
  if ((await ask({ verb: 'clear', label: name, names: [name] })) === undefined) return;
  await act('clear', { kind: 'process', name }, { names: [name] });
}

interface HeadProps {
  readonly process: Process;
  readonly channel: Signal<Channel>;
  readonly isWrapped: Signal<boolean>;
  readonly children: ComponentChildren;
}

function Head({ process: { group, name, namespec }, channel, isWrapped, children }: HeadProps) {
  return (
    <header>
      <h2>{t('log')}</h2>
      <Choices
        label={t('log.stream')}
        choices={CHANNELS.map((choice) => [choice, choice])}
        value={channel.value}
        onChoose={(choice) => {
          channel.value = choice;
        }}
      />
      {children}
      <Switch
        text={t('log.wrap')}
        isOn={isWrapped.value}
        onSwitch={(isOn) => {
          isWrapped.value = isOn;
        }}
      />
      <a
        class="quiet-button"
        href={pathOf(`${group}:${name}`, channel.value)}
        download
        aria-label={t('log.download')}
        title={t('log.download')}
      >
        <Icon name="download" />
      </a>
      {mayOperate.value && (
        // act() tells what goes wrong.
        <button type="button" class="chip" onClick={() => void clearLogs(namespec)}>
          {t('clear')}
        </button>
      )}
    </header>
  );
}

/** Whether the end of a log is followed: until a person scrolls up, and again when he is back at its end. */
function useFollowing(box: RefObject<HTMLElement | null>) {
  const isFollowing = useSignal(true);
  const lastTop = useRef(0);
  const onScroll = ({ currentTarget: view }: { currentTarget: HTMLElement }): void => {
    const isAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_END_PX;
    // A view that moves away from its end by itself has only grown.
    if (isAtEnd) isFollowing.value = true;
    else if (view.scrollTop < lastTop.current) isFollowing.value = false;
    lastTop.current = view.scrollTop;
  };
  const toEnd = (): void => {
    isFollowing.value = true;
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  const show = (line: HTMLElement): void => {
    isFollowing.value = false;
    line.scrollIntoView({ block: 'center', behavior: 'instant' });
  };
  return { isFollowing, onScroll, toEnd, show };
}

export function Log({ process }: { process: Process }) {
  const channel = useSignal<Channel>('stdout');
  const isWrapped = useSignal(true);
  const box = useRef<HTMLPreElement>(null);
  const { isFollowing, onScroll, toEnd, show } = useFollowing(box);
  const { problem, lines } = useLog(`${process.group}:${process.name}`, channel.value, box, isFollowing);
  return (
    <section class="card log">
      <Head process={process} channel={channel} isWrapped={isWrapped}>
        <LogSearch key={channel.value} lines={lines} show={show} />
      </Head>
      {problem.value !== '' && <p class="empty">{problem.value}</p>}
      <div class="log-frame">
        <pre
          ref={box}
          class={isWrapped.value ? 'log-lines wrapped' : 'log-lines'}
          // A region that scrolls can be reached with the keyboard.
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={`${channel.value} ${process.namespec}`}
          onScroll={onScroll}
        />
        {!isFollowing.value && (
          <button type="button" class="button to-end" onClick={toEnd}>
            <Icon name="down" /> {t('log.follow')}
          </button>
        )}
      </div>
    </section>
  );
}
