/** The completion scripts: each asks `hold __complete` and leaves to the shell (files) what that has no answer to. */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for hold
_hold() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$1" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _hold hold holdfast
`,
  zsh: `#compdef hold holdfast
# zsh completion for hold
_hold() {
  local line
  local -a lines described
  lines=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#described} )); then
    _describe -V hold described
  else
    _files
  fi
}
if [[ \${funcstack[1]} == _hold ]]; then
  _hold "$@"
else
  compdef _hold hold holdfast
fi
`,
  fish: `# fish completion for hold
function __hold_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c hold -f -k -a '(__hold_complete)'
complete -c holdfast -f -k -a '(__hold_complete)'
`,
};

/** Where the shell of this user looks by itself, or is told to look by `next`. */
export function usualPlace(
  shell: Shell,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): { readonly path: string; readonly next: string } {
  switch (shell) {
    case 'bash': {
      const dir = env.XDG_DATA_HOME || `${home}/.local/share`;
      return {
        path: `${dir}/bash-completion/completions/hold`,
        next: 'a new shell has it, where the package bash-completion is installed',
      };
    }
    case 'zsh': {
      const dir = `${env.ZDOTDIR || home}/.zfunc`;
      return {
        path: `${dir}/_hold`,
        next: `in .zshrc: fpath=('${dir}' $fpath); autoload -Uz compinit; compinit`,
      };
    }
    case 'fish':
      return {
        path: `${env.XDG_CONFIG_HOME || `${home}/.config`}/fish/completions/hold.fish`,
        next: 'a new shell has it',
      };
  }
}
