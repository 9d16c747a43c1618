// midspan ca install, uninstall and status: who trusts the authority, and who shall.
#pragma once

#include "authority.h"
#include "options.h"

// Each gives the exit code: install and uninstall fail (1) when one place could not be changed,
// status when one place does not trust the authority.
int ca_install(const struct invocation *invocation, const struct authority *ca);
int ca_uninstall(const struct invocation *invocation, const struct authority *ca);
int ca_status(const struct invocation *invocation, const struct authority *ca);
