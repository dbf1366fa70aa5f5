/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package rest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// DefaultIdentityDomain is the domain of the addresses of users whose names are not
// e-mail addresses.
const DefaultIdentityDomain = "users.hyperfleet.local"

// Identities maps the names of Kubernetes users to e-mail addresses and back, because the
// REST contract has e-mail addresses. No two users have the same address.
//
//	user                             address
//	jo@example.com                   jo@example.com
//	alice                            alice@<domain>
//	system:serviceaccount:ci:deploy  deploy@ci.serviceaccount.<domain>
//	system:admin                     system=3Aadmin@<domain>
//	jo@<domain>                      jo=40…@<domain>, so that it is not the address of jo
//	unknown                          unknown=@<domain>
//
// In the addresses of the domain, = and two hexadecimal digits stand for a byte that the
// part before the @ cannot contain.
//
// The zero value maps each user to itself.
type Identities struct {
	domain string
}

// NewIdentities returns the mapping with a domain, which must have at least two labels.
func NewIdentities(domain string) (Identities, error) {
	if !emailAddress.MatchString("a@" + domain) {
		return Identities{}, fmt.Errorf("%q is not a domain such as %s", domain, DefaultIdentityDomain)
	}
	return Identities{domain: domain}, nil
}

const (
	// serviceAccountUser begins the user name of each service account, before its namespace,
	// a colon and its name. The kubectl plugin imports this package, so this package does
	// not use the parser of k8s.io/apiserver: the plugin does not depend on that module.
	serviceAccountUser = "system:serviceaccount:"
	// serviceAccountLabel is between the namespace of a service account and the domain.
	serviceAccountLabel = "serviceaccount"
	// unknownUser is not an escape sequence, so no user has this address.
	unknownUser = "unknown="
	atom        = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
)

// emailAddress matches the addresses that the common decoders of e-mail addresses accept.
var emailAddress = regexp.MustCompile(`^` + atom + `(\.` + atom + `)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z])?$`)

// Address returns the e-mail address of a user, "" for an unknown user.
func (i Identities) Address(user string) string {
	if i.domain == "" || user == "" {
		return user
	}
	if emailAddress.MatchString(user) && !i.owns(user[strings.LastIndexByte(user, '@')+1:]) {
		return user
	}
	if namespace, name, ok := serviceAccountOf(user); ok {
		return name + "@" + namespace + "." + serviceAccountLabel + "." + i.domain
	}
	return escapeUser(user) + "@" + i.domain
}

// Shown returns the address that REST shows for a user. An unknown user has an address,
// too.
func (i Identities) Shown(address string) string {
	if address == "" && i.domain != "" {
		return unknownUser + "@" + i.domain
	}
	return address
}

// User returns the user with an e-mail address. ok is false if no user has the address.
func (i Identities) User(address string) (user string, ok bool) {
	if i.domain == "" {
		return address, true
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	namespace, isServiceAccount := strings.CutSuffix(domain, "."+serviceAccountLabel+"."+i.domain)
	switch {
	case domain == i.domain && local == unknownUser:
		return "", true
	case domain == i.domain:
		user, ok = unescapeUser(local)
	case isServiceAccount:
		user, ok = serviceAccountUser+namespace+":"+local, true
	default:
		user, ok = address, true
	}
	return user, ok && i.Address(user) == address
}

// serviceAccountOf returns the namespace and the name of the service account whose user
// name it is.
func serviceAccountOf(user string) (namespace, name string, ok bool) {
	account, isServiceAccount := strings.CutPrefix(user, serviceAccountUser)
	namespace, name, _ = strings.Cut(account, ":")
	ok = isServiceAccount && len(validation.IsDNS1123Label(namespace)) == 0 && len(validation.IsDNS1123Subdomain(name)) == 0
	return namespace, name, ok
}

// owns reports whether Address makes the addresses of a domain.
func (i Identities) owns(domain string) bool {
	return domain == i.domain || strings.HasSuffix(domain, "."+serviceAccountLabel+"."+i.domain)
}

// escapeUser returns a name as the part of an address before the @.
func escapeUser(name string) string {
	var b strings.Builder
	for n := range len(name) {
		c := name[n]
		isDot := c == '.' && n > 0 && n < len(name)-1 && name[n-1] != '.'
		if isDot || c != '=' && strings.IndexByte(plainBytes, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

// plainBytes stand for themselves in an address.
const plainBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/?^_`{|}~-"

func unescapeUser(local string) (name string, ok bool) {
	var b strings.Builder
	for n := 0; n < len(local); n++ {
		if local[n] != '=' {
			b.WriteByte(local[n])
			continue
		}
		if n+2 >= len(local) {
			return "", false
		}
		var c byte
		if _, err := fmt.Sscanf(local[n+1:n+3], "%02X", &c); err != nil {
			return "", false
		}
		b.WriteByte(c)
		n += 2
	}
	return b.String(), true
}

// identityFields are the fields of a resource that have addresses.
var identityFields = []string{"created_by", "updated_by", "deleted_by"}

// Search replaces the names that a search compares users with by their addresses: both
// `created_by='alice'` and the address of alice find the objects that alice created.
func (i Identities) Search(filter tsl.Expr) tsl.Expr {
	switch e := filter.(type) {
	case *tsl.And:
		return &tsl.And{Operands: i.searchAll(e.Operands)}
	case *tsl.Or:
		return &tsl.Or{Operands: i.searchAll(e.Operands)}
	case *tsl.Not:
		return &tsl.Not{Operand: i.Search(e.Operand)}
	case *tsl.Comparison:
		if slices.Contains(identityFields, e.Field.Path) && slices.Contains(equalities, e.Op) {
			return i.comparison(e)
		}
	}
	return filter
}

// equalities are the operators that compare with whole names.
var equalities = []tsl.Op{tsl.Equal, tsl.NotEqual, tsl.In, tsl.NotIn}

func (i Identities) searchAll(operands []tsl.Expr) []tsl.Expr {
	result := make([]tsl.Expr, len(operands))
	for n, operand := range operands {
		result[n] = i.Search(operand)
	}
	return result
}

func (i Identities) comparison(c *tsl.Comparison) *tsl.Comparison {
	result := *c
	result.Values = slices.Clone(c.Values)
	for n := range result.Values {
		if v := &result.Values[n]; v.Kind == tsl.StringValue && !emailAddress.MatchString(v.Text) {
			v.Text = i.Address(v.Text)
		}
	}
	return &result
}
