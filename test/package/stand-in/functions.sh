# shellcheck shell=dash disable=SC3043
# In the place of OpenWrt's /lib/functions.sh: what the package's scripts use of it. It writes down what
# happens in /tmp/log.

say() { echo "$*" >> /tmp/log; }

# Values of /etc/config/NAME as CONFIG_SECTION_OPTION; lists as one text.
config_load() {
	eval "$(awk '
		function word(text) { gsub(/^\047|\047$/, "", text); return text }
		$1 == "config" {
			section = $3 == "" ? "cfg" ++count : word($3)
			print "CONFIG_SECTIONS=\"$CONFIG_SECTIONS " section "\""
			print "CONFIG_" section "_TYPE=" $2
		}
		$1 == "option" { print "CONFIG_" section "_" $2 "=" $3 }
		BEGIN { print "CONFIG_SECTIONS=" }
	' "/etc/config/$1")"
}
config_get() { eval "$1=\"\${CONFIG_$2_$3:-$4}\""; }
config_get_bool() { config_get "$@"; }
config_foreach() {
	local call="$1" type="$2" of section
	for section in $CONFIG_SECTIONS; do
		config_get of "$section" TYPE
		[ "$of" != "$type" ] || "$call" "$section"
	done
}

# $1: path of the script that opkg runs, /usr/lib/opkg/info/NAME.postinst
each_init() {
	local name
	grep -s '^/etc/init.d/' "/usr/lib/opkg/info/$1.list" | while read -r name; do
		for action in $2; do "$name" "$action"; done
	done
}
default_postinst() {
	local name
	name="$(basename "${1%.*}")"
	if [ -n "$IPKG_INSTROOT" ]; then return 0; fi
	# shellcheck source=/dev/null
	if [ -f "/usr/lib/opkg/info/$name.postinst-pkg" ]; then . "/usr/lib/opkg/info/$name.postinst-pkg"; fi
	each_init "$name" "enable start"
}
default_prerm() {
	each_init "$(basename "${1%.*}")" "disable stop"
}
