// The command `completion`: the scripts by which shells ask this program what may come next.
import { exitCode } from '../failure.js';
import { type Run, UsageError } from '../usage.js';

// The program answers `busbar __complete -- WORD…` with lines of a word and, behind a tab, what it
// is. The last word is the one to be completed. `:file` asks the shell for names of files.
const scripts: ReadonlyMap<string, string> = new Map([
  [
    'bash',
    String.raw`# Completion of busbar for bash: eval "$(busbar completion bash)"
_busbar() {
  local part='' cut='' line word glued='' IFS=$'\n'
  local -a words=()
  # Bash ends words at = and :, and this program does not.
  for word in "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ${'$'}{#words[@]} -gt 0 && ( -n $glued || $word == [=:] ) ]]; then
      words[${'$'}{#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    glued=''
    [[ $word == [=:] ]] && glued=yes
  done
  [[ ${'$'}{#words[@]} -gt 0 ]] && part=${'$'}{words[${'$'}{#words[@]}-1]}
  [[ $part == *[=:]* ]] && cut=${'$'}{part%"${'$'}{part##*[=:]}"}
  COMPREPLY=()
  while read -r line; do
    word=${'$'}{line%%$'\t'*}
    if [[ $word == :file ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY+=($(compgen -f -- "${'$'}{part#"$cut"}"))
    elif [[ $word == "$part"* ]]; then
      [[ $word == *= ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$(printf '%q' "${'$'}{word#"$cut"}" | sed 's/\\=/=/g')")
    fi
  done < <(busbar __complete -- "${'$'}{words[@]}" 2>/dev/null)
}
complete -F _busbar busbar`,
  ],
  [
    'zsh',
    String.raw`#compdef busbar
# Completion of busbar for zsh: eval "$(busbar completion zsh)"
_busbar() {
  local line word
  local -a names shown open openshown
  while IFS= read -r line; do
    word=${'$'}{line%%$'\t'*}
    if [[ $word == :file ]]; then
      _files
    elif [[ $word == *= ]]; then
      open+=("$word")
      openshown+=("${'$'}{line/$'\t'/  -- }")
    else
      names+=("$word")
      shown+=("${'$'}{line/$'\t'/  -- }")
    fi
  done < <(busbar __complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${'$'}{#names} )) && compadd -l -d shown -- "${'$'}{names[@]}"
  (( ${'$'}{#open} )) && compadd -l -S '' -d openshown -- "${'$'}{open[@]}"
  return 0
}
compdef _busbar busbar`,
  ],
  [
    'fish',
    String.raw`# Completion of busbar for fish: busbar completion fish | source
function __busbar_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (busbar __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ':file'
            __fish_complete_path (commandline -ct)
        else
            printf '%s\n' $line
        end
    end
end
complete -c busbar -f -a '(__busbar_complete)'`,
  ],
]);

/** Prints a script. */
export const completion: Run = async ([shell = ''], _, output) => {
  const script = scripts.get(shell);
  if (script === undefined) {
    throw new UsageError(`there is no completion for '${shell}'; known: bash, zsh, fish`);
  }
  output.print(script);
  return exitCode.ok;
};
