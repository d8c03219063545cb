import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser } from 'webdriverio';

import { until } from './wait.ts';

/** What a person does in the window: finds things by their role and their name, never by their markup. */
export class Screen {
  constructor(
    readonly window: Browser,
    /** Where it looks: everywhere, or in one part of what is open. */
    private readonly part = '',
  ) {}

  /** The same, in the part of the screen that has this name. */
  within(name: string): Screen {
    return new Screen(this.window, `${this.part}//*[@aria-label=${JSON.stringify(name)}]`);
  }

  /** Presses a button, in the dialog that is open or on the screen. */
  async press(name: string): Promise<void> {
    await this.click(`button "${name}"`, `//button[not(@disabled) and not(@data-loading) and ${named(name)}]`);
  }

  /** Follows a link. */
  async follow(name: string): Promise<void> {
    await this.click(`link "${name}"`, `//a[${named(name)}]`);
  }

  /** Chooses one of several that stand side by side. */
  async choose(name: string): Promise<void> {
    await this.click(`choice "${name}"`, `//label[${named(name)}]`);
  }

  /** Turns a switch, whose label goes on with what it means. */
  async turn(name: string): Promise<void> {
    await this.click(`switch "${name}"`, `//label[starts-with(normalize-space(), ${JSON.stringify(name)})]`);
  }

  /** Chooses from a list. */
  async select(label: string, choice: string): Promise<void> {
    const list = this.window.$(await this.inReach(fieldOf(label)));
    await list.waitForDisplayed({ timeoutMsg: `There is no list "${label}".` });
    await list.selectByVisibleText(choice);
  }

  /** Replaces what stands in a field. */
  async fill(label: string, value: string): Promise<void> {
    const field = this.window.$(await this.inReach(fieldOf(label)));
    await field.waitForDisplayed({ timeoutMsg: `There is no field "${label}".` });
    await field.scrollIntoView();
    await field.click();
    await this.window.keys(['Control', 'a']);
    await this.window.keys('Delete');
    if (value !== '') await field.addValue(value);
    // The form checks a field that is left, and its message moves what stands below.
    await this.window.keys('Tab');
  }

  /** The colour of the hint in an empty field. */
  async hintColor(label: string): Promise<string> {
    return this.window.execute(
      (path) => {
        const found = document.evaluate(path, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
        return getComputedStyle(found as HTMLElement, '::placeholder').color;
      },
      await this.inReach(fieldOf(label)),
    );
  }

  /** Presses keys as a person without a mouse does: a named one, or letter by letter what is no name of a key. */
  async type(...keys: string[]): Promise<void> {
    for (const key of keys) {
      // Letters that are sent together are held down together, and the second of two alike is lost.
      for (const one of NAMED_KEYS.includes(key) ? [key] : key) await this.window.keys(one);
    }
  }

  /** What has the focus, by its name; nothing where it is lost. */
  async focused(): Promise<string> {
    return this.window.execute(() => {
      const its = document.activeElement;
      if (!(its instanceof HTMLElement) || its === document.body) return '';
      const label = its instanceof HTMLInputElement || its instanceof HTMLSelectElement ? its.labels?.[0]?.innerText : undefined;
      return (its.getAttribute('aria-label') ?? label ?? its.innerText).trim().split('\n')[0] ?? '';
    });
  }

  /** Whether what has the focus can be told from the rest: by a ring around it, or around what stands for it. */
  async focusShows(): Promise<boolean> {
    return this.window.execute(() => {
      const its = document.activeElement;
      if (!(its instanceof HTMLElement)) return false;
      const around = [its, its.nextElementSibling, its.parentElement?.querySelector('[class*="track"]'), its.closest('[class*="Input-wrapper"] > *')];
      return around.some((one) => {
        if (!(one instanceof HTMLElement)) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
      });
    });
  }

  /** Goes on with Tab until `name` has the focus, and answers with all that had it on the way. */
  async tabTo(name: string, most = 60): Promise<string[]> {
    const passed: string[] = [];
    for (let step = 0; step < most; step += 1) {
      const now = await this.focused();
      if (now === name) return passed;
      passed.push(now);
      await this.type('Tab');
    }
    throw new Error(`Tab never comes to "${name}", only to: ${passed.join(' > ')}`);
  }

  /** The values of a server in the overview, as they stand there. */
  async valuesOf(server: string): Promise<string> {
    return this.read(`//tr[th//a[${named(server)}]]/td[position() > 1 and position() < last() - 1]`);
  }

  /** What the overview says about the state of a server. */
  async stateOf(server: string): Promise<string> {
    return this.read(`//tr[th//a[${named(server)}]]/td[1]`);
  }

  /** How many rows of a table say something. */
  async rowsOf(table: string, words: string): Promise<number> {
    return this.window.$$(`//table[@aria-label=${JSON.stringify(table)}]/tbody/tr[contains(., ${JSON.stringify(words)})]`).length;
  }

  /** Waits until the window says something, and answers with all that it says. */
  async sees(words: string | RegExp, within = 30_000): Promise<string> {
    const says = async () => {
      const text = await this.text();
      return (typeof words === 'string' ? text.includes(words) : words.test(text)) && text;
    };
    try {
      return await until(`the window says ${String(words)}`, says, within);
    } catch (error) {
      throw new Error(`${(error as Error).message}. It says:\n${await this.text()}`);
    }
  }

  /** Waits until the window no longer says something. */
  async seesNoMore(words: string): Promise<void> {
    await until(`the window no longer says ${words}`, async () => !(await this.text()).includes(words));
  }

  /** All that can be read in the window. */
  async text(): Promise<string> {
    return this.window.execute(() => document.body.innerText);
  }

  /** Keeps what the window looks like, in both schemes and in a large and a small window, for people to look at. */
  async keep(name: string): Promise<void> {
    const folder = process.env.HOSTROUNDS_SCREENSHOTS;
    if (folder === undefined) return;
    for (const [width, height] of [[1280, 800], [800, 600]] as const) {
      await this.window.setWindowSize(width, height);
      for (const scheme of ['light', 'dark'] as const) {
        await this.window.execute((its) => {
          document.documentElement.dataset.mantineColorScheme = its;
        }, scheme);
        await this.settled();
        await this.window.saveScreenshot(join(folder, `${name}-${String(width)}x${String(height)}-${scheme}.png`));
      }
    }
    await this.window.setWindowSize(1280, 800);
    await this.window.execute(() => {
      document.documentElement.dataset.mantineColorScheme = 'light';
    });
  }

  /** Keeps what the window looked like when a test failed. */
  async keepFailure(test: string): Promise<void> {
    const file = `failed-${test.replaceAll(/\W+/g, '-')}.png`;
    await this.window.saveScreenshot(join(process.env.HOSTROUNDS_SCREENSHOTS ?? tmpdir(), file));
  }

  // Two frames after the last transition: what was changed has been drawn by then.
  private async settled(): Promise<void> {
    await this.window.executeAsync((done: () => void) => {
      // What turns while something runs never ends.
      const ends = ({ effect }: Animation) => effect?.getComputedTiming().endTime !== Infinity;
      void Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished)).then(() => {
        requestAnimationFrame(() => requestAnimationFrame(() => { done(); }));
      });
    });
  }

  private async click(what: string, path: string): Promise<void> {
    await until(`there is a ${what} to press`, async () => {
      for (const element of await this.window.$$(await this.inReach(path)).getElements()) {
        if (!(await element.isClickable())) continue;
        // What came to lie over it in the meantime goes away again, or the wait ends.
        const pressed = await element.click().then(() => true, () => false);
        if (pressed) return true;
      }
      return false;
    });
  }

  // Read at one moment, and with what is cut off at the end of a line.
  private async read(path: string): Promise<string> {
    return this.window.execute((its) => {
      const found = document.evaluate(its, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
      const cells = Array.from({ length: found.snapshotLength }, (_, index) => found.snapshotItem(index) as HTMLElement);
      return cells.map((cell) => cell.innerText).join(' | ');
    }, path);
  }

  // A dialog takes everything below it out of reach; of several, the last one lies on top.
  private async inReach(path: string): Promise<string> {
    const open = '//*[@role="dialog"]';
    const all = this.part + path;
    return (await this.window.$(open).isExisting()) ? `(${open})[last()]${all}` : all;
  }
}

const NAMED_KEYS = ['Tab', 'Enter', 'Escape', 'ArrowRight'];

function named(name: string): string {
  const quoted = JSON.stringify(name);
  return `(@aria-label=${quoted} or (not(@aria-label) and normalize-space()=${quoted}))`;
}

// The label of a required field ends with a star of its own; only the first text of the label is its name.
function fieldOf(label: string): string {
  const quoted = JSON.stringify(label);
  return `//*[self::input or self::textarea or self::select][@aria-label=${quoted} or @id=//label[normalize-space(text()[1])=${quoted}]/@for]`;
}
