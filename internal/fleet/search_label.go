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

package fleet

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compileLabel compiles a comparison of a label.
func compileLabel(c *tsl.Comparison, key string) (node, error) {
	if err := checkLabel(c, key); err != nil {
		return nil, err
	}
	v := stringValue{
		column: func(x *table) *column { return x.labels[key] },
		get:    func(r *Row) (string, bool) { return r.Labels.Get(key) },
	}
	return v.compile(c)
}

// checkLabel rejects keys and values that no label can have, because such a search would
// silently match nothing. A bound or a pattern may be any string.
func checkLabel(c *tsl.Comparison, key string) error {
	fault := func(offset int, format string, args ...any) error {
		return &FieldError{Field: c.Field.Path, Offset: offset, Message: fmt.Sprintf(format, args...)}
	}
	if strings.HasPrefix(key, v1.OwnPrefix) {
		return fault(c.Field.Offset, "labels of %s are HyperFleet's own, and lists do not have them", v1.OwnPrefix)
	}
	if rules := validation.IsQualifiedName(key); len(rules) > 0 {
		return fault(c.Field.Offset, "no label can have the key %q: %s", key, strings.Join(rules, "; "))
	}
	if !isEquality(c.Op) {
		return nil
	}
	for _, v := range c.Values {
		if rules := validation.IsValidLabelValue(v.Text); len(rules) > 0 {
			return fault(v.Offset, "no label can have the value %q: %s", v.Text, strings.Join(rules, "; "))
		}
	}
	return nil
}
