/** The demo's task queue: one SQLite file that three programs share. No broker, nothing to install. */
import { DatabaseSync } from 'node:sqlite';

const BUSY_TIMEOUT_MS = 5000;
/** The queue keeps this many finished tasks, and the camera as many photographs. */
const KEEP = 1000;

export interface Task {
  readonly id: number;
  readonly name: string;
}

export interface Queue {
  put(name: string): void;
  /** Marks the oldest waiting task as running, and gives it to the caller. */
  take(): Task | undefined;
  finish(task: Task): void;
  /** Puts back what an earlier worker had in hand when it died. @returns how many tasks. */
  recover(): number;
  photograph(): { readonly waiting: number; readonly running: number; readonly done: number };
  close(): void;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting') STRICT;
  CREATE TABLE IF NOT EXISTS photograph (at INTEGER NOT NULL, waiting INTEGER, running INTEGER, done INTEGER) STRICT;
`;

/** Opens the queue in `file`, and makes it when it is not there. */
export function openQueue(file: string): Queue {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  db.exec(SCHEMA);
  const put = db.prepare('INSERT INTO task (name) VALUES (?)');
  const take = db.prepare(`
    UPDATE task SET state = 'running'
    WHERE id = (SELECT min(id) FROM task WHERE state = 'waiting') RETURNING id, name`);
  const finish = db.prepare("UPDATE task SET state = 'done' WHERE id = ?");
  const forget = db.prepare("DELETE FROM task WHERE state = 'done' AND id <= ?");
  const recover = db.prepare("UPDATE task SET state = 'waiting' WHERE state = 'running'");
  const count = db.prepare('SELECT count(*) AS tasks FROM task WHERE state = ?');
  const photograph = db.prepare('INSERT INTO photograph VALUES (?, ?, ?, ?)');
  const discard = db.prepare('DELETE FROM photograph WHERE rowid <= ?');
  const tasks = (state: string): number => Number(count.get(state)?.['tasks']);
  return {
    put: (name) => void put.run(name),
    take: () => {
      const row = take.get();
      return row && { id: Number(row['id']), name: String(row['name']) };
    },
    finish: ({ id }) => {
      finish.run(id);
      forget.run(id - KEEP);
    },
    recover: () => Number(recover.run().changes),
    photograph: () => {
      const seen = { waiting: tasks('waiting'), running: tasks('running'), done: tasks('done') };
      const { lastInsertRowid } = photograph.run(Date.now(), seen.waiting, seen.running, seen.done);
      discard.run(Number(lastInsertRowid) - KEEP);
      return seen;
    },
    close: () => db.close(),
  };
}
