# bash completion for superctl. The services' names come from superd.

# Names may hold what a shell reads as something else, as the \x2d of a unit: they are compared without the quotes of what
# is typed, and offered with theirs.
_superctl_names()
{
	local typed=$1 name plain='' quoted=''
	shift

	if [[ $typed == [\'\"]* ]]; then
		quoted=yes
		plain=${typed:1}
	else
		while [[ $typed == *\\* ]]; do
			plain+=${typed%%\\*}
			typed=${typed#*\\}
			plain+=${typed:0:1}
			typed=${typed:1}
		done
		plain+=$typed
	fi
	while IFS= read -r name; do
		[[ $name == "$plain"* ]] || continue
		[[ -n $quoted ]] || printf -v name %q "$name"
		COMPREPLY+=("$name")
	done < <(superctl "$@" list --names 2>/dev/null)
}

_superctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' i
	local reading='status list show why history log events health metrics'
	local acting='start stop restart hold release drain freeze thaw sleep wake wait signal enable disable reload'
	local others='diff reopen upgrade shutdown version help'
	local -a control=()

	COMPREPLY=()
	# --level=info is three words to bash.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--control)
			[[ ${COMP_WORDS[i+1]} != = ]] || ((i++))
			((i++))
			((i >= COMP_CWORD)) || control=(--control "${COMP_WORDS[i]}")
			;;
		--color|--timeout|--level|--count|--sort|--since|-n)
			[[ ${COMP_WORDS[i+1]} != = ]] || ((i++))
			((i++))
			;;
		-*) ;;
		*) [[ -n $verb ]] || verb=${COMP_WORDS[i]} ;;
		esac
	done
	case $prev in
	--control)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--color)
		COMPREPLY=($(compgen -W 'auto always never' -- "$cur"))
		return ;;
	--level)
		COMPREPLY=($(compgen -W 'error warning notice info debug' -- "$cur"))
		return ;;
	--sort)
		COMPREPLY=($(compgen -W 'memory cpu name state used' -- "$cur"))
		return ;;
	--timeout|--count|--since|-n)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '--control --json --color --no-wait --timeout --check
			--level -n --count -f --follow --failed --asleep --awake --sort --since --names --version -h --help' -- "$cur"))
	elif [[ " $reading $acting " == *" $verb "* ]]; then
		_superctl_names "$cur" "${control[@]}"
	elif [[ -z $verb || $verb == help ]]; then
		COMPREPLY=($(compgen -W "$reading $acting $others" -- "$cur"))
	fi
}

complete -F _superctl superctl
