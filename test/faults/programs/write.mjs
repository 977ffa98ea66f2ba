// Writes files with the writer under test, saying each acknowledged one as a line; made to be killed, starved and refused.
// Usage: node write.mjs <what> <folder> [options as JSON]

import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

// Without its cache on disk: this also runs as a user who may write nothing.
const jiti = createJiti(import.meta.url, { fsCache: false });
const source = fileURLToPath(new URL("../../../src/util/durable-file.ts", import.meta.url));
const { syncFolders, writeFileDurably } = await jiti.import(source);

const [what, folder, json = "{}"] = process.argv.slice(2);
const { size = 600_000, count = Infinity, at = "f", durable = true } = JSON.parse(json);

/** Synchronous, so that a line is out before anything else happens. */
const say = (line) => writeSync(1, `${line}\n`);

/** A file that shows whether it is whole: its number, then one letter to the end. */
export const content = (n) => Buffer.from(`${String(n).padStart(8, "0")}${"abcdefghij"[n % 10].repeat(size - 8)}`);

async function write(name, n, options) {
  const path = join(folder, name);
  if (durable) {
    await writeFileDurably(path, content(n), options);
    await syncFolders([path], folder);
  } else {
    // The negative control: what a writer does that trusts the page cache.
    writeFileSync(`${path}.tmp`, content(n));
    renameSync(`${path}.tmp`, path);
  }
}

function tell(error) {
  say(JSON.stringify({ code: error.code, message: error.message, errno: error.cause?.code, data: error.data }));
}

switch (what) {
  // Ever new files, and one that is replaced each time.
  case "loop":
    for (let n = 0; n < count; n++) {
      await write(`${at}/${n % 5}/${n}`, n, { mode: 0o444 });
      say(`new ${n}`);
      await write("current", n, { replace: true });
      say(`current ${n}`);
    }
    break;
  // One after the other, whatever becomes of each.
  case "try":
    for (let n = 0; n < count; n++) {
      await write(`${at}${n}`, n).then(() => say("ok"), tell);
    }
    break;
  // One after the other below a folder that somebody keeps swapping for a link out of it.
  case "race":
    for (let n = 0; n < count; n++) {
      await writeFileDurably(join(folder, "root/sub", String(n)), content(n), { within: join(folder, "root") }).then(
        () => say("ok"),
        (error) => say(error.code),
      );
    }
    break;
  // With no descriptor left, until after a while one comes back, or for good.
  case "starve": {
    const held = [];
    try {
      for (;;) held.push(openSync(folder, "r"));
    } catch (error) {
      if (error.code !== "EMFILE") throw error;
    }
    if (at !== "never") setTimeout(() => held.splice(0).forEach((fd) => closeSync(fd)), 100);
    const kept = setTimeout(() => {}, 60_000);
    mkdirSync(join(folder, "sub"));
    await write("sub/x", 1).then(() => say("ok"), tell);
    clearTimeout(kept);
    break;
  }
}
