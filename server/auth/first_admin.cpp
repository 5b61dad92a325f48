#include "server/auth/first_admin.h"

#include "server/auth/passwords.h"
#include "server/random_id.h"
#include "server/store/database.h"

namespace naru::server {

std::string create_first_admin(const AuthParts& parts, Passwords& passwords, const FirstAdmin& wanted) {
  const std::string made = wanted.password ? "" : random_secret();
  const std::string& password = wanted.password ? *wanted.password : made;
  check_password_rules(password, checked_login(wanted.login));
  const std::string hash = passwords.hash(password);
  Accounts accounts(parts);
  in_transaction(parts.database, Access::write, [&](Transaction& transaction) {
    const Organisation operator_ =
        accounts.create_organisation(transaction, "server", wanted.organisation, OrganisationKind::operator_);
    accounts.create_user(transaction, "server", operator_.id, {wanted.login, {Role::admin}, hash});
  });
  return made;
}

}  // namespace naru::server
