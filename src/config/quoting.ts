/** How far a POSIX shell's quotes reach, for texts that come line by line. Splits nothing: that happens at each start. */

type Quote = '' | "'" | '"';

/** The quote that is open at the end of the text. */
function openQuote(text: string): Quote {
  let quote: Quote = '';
  let escaped = false;
  for (const char of text) {
    if (escaped) escaped = false;
    else if (char === '\\' && quote !== "'") escaped = true;
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = '';
  }
  return quote;
}

export const insideSingleQuotes = (text: string): boolean => openQuote(text) === "'";

export const hasOpenQuote = (text: string): boolean => openQuote(text) !== '';

/** Does the line end in a backslash that is not itself escaped? */
export const continues = (line: string): boolean => (/\\*(?=\n?$)/.exec(line)?.[0].length ?? 0) % 2 === 1;
