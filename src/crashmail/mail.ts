/** A mail before it becomes bytes. */

/** Shown in the HTML part by its content id. */
export interface Picture {
  readonly cid: string;
  readonly filename: string;
  readonly png: Uint8Array;
}

/** Every header value is one safe line. */
export interface Mail {
  /** Stable for one letter, so that sending it again is not a new mail. */
  readonly id: string;
  readonly messageId: string;
  /** The Message-ID that all mails about one program refer to; '' for none. */
  readonly thread: string;
  readonly date: number;
  readonly from: string;
  /** '' when the way of sending knows its recipients itself. */
  readonly to: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
  readonly pictures: readonly Picture[];
}

export interface Letterhead {
  /** '' for `superd@<host>`. */
  readonly from: string;
  /** superlance's --optionalheader; '' for none. */
  readonly prefix: string;
}
