// Part of each program that is linked statically: how it looks up the names of hosts.

#include <netdb.h>
#include <nss.h>

// glibc would load what /etc/nsswitch.conf names from the machine's libraries, which belong to another glibc than the
// one within the program. "files" (/etc/hosts) and "dns" are part of the program.
[[gnu::constructor]] static void look_up_names_without_libraries() { __nss_configure_lookup("hosts", "files dns"); }
