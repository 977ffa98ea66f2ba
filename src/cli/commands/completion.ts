// strata completion: a script for the shell, which asks this program what a word may become.

import { StratigraphError } from "../../errors.ts";
import { showValue } from "../../util/show.ts";
import { defineCommand, type Command } from "../command.ts";
import { complete } from "../completion.ts";

const scripts = {
  bash: `# Completion of strata for bash.
_strata() {
  local found
  COMPREPLY=()
  while IFS= read -r found; do
    printf -v found %q "$found" # bash runs what stands on its line, also what a name of yours says
    COMPREPLY+=("$found")
  done < <(strata completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _strata strata`,
  zsh: `#compdef strata
# Completion of strata for zsh.
_strata() {
  local -a found
  found=("\${(@f)$(strata completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _strata strata`,
  fish: `# Completion of strata for fish.
function __strata_words
  set -l typed (commandline -opc)
  strata completion words -- $typed[2..-1] (commandline -ct) 2>/dev/null
end
complete -c strata -a '(__strata_words)'`,
} as const;

type Shell = keyof typeof scripts;
const shells = Object.keys(scripts) as readonly Shell[];

const words: Command = defineCommand({
  name: "completion words",
  summary: "what the last of these words may become: what the scripts ask",
  arguments: [{ shape: "[word…]", says: "behind --: what was typed behind strata, the last maybe empty" }],
  project: false,
  examples: [{ command: "strata completion words -- read t", says: "artifacts that begin with t" }],
  run: async (call) => {
    const found = await complete(call.args, call);
    return { json: { words: found }, lines: found };
  },
});

export const completion: Command = defineCommand({
  name: "completion",
  summary: "print a script that completes commands, options and names in your shell",
  details: [
    "Artifacts, tags and snapshots come from the database of the folder you are in, as last built: your program is never run for it.",
  ],
  arguments: [{ shape: "<shell>", says: shells.join(", ") }],
  project: false,
  examples: [
    { command: "strata completion bash >> ~/.bashrc", says: "for bash; zsh likewise, in ~/.zshrc" },
    { command: "strata completion fish > ~/.config/fish/completions/strata.fish", says: "for fish" },
  ],
  subcommands: [words],
  run: async ({ args }) => {
    const shell = shells.find((one) => one === args[0]);
    if (shell === undefined) {
      throw new StratigraphError("USAGE", "there is no script for that shell", {
        expected: shells.join(", "),
        received: showValue(args[0]),
      });
    }
    const script = scripts[shell];
    return { json: { shell, script }, lines: script.split("\n") };
  },
});
