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
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// textTest returns what a text has to fulfil.
func textTest(c *tsl.Comparison) (func(string) bool, error) {
	values, err := texts(c)
	if err != nil {
		return nil, err
	}
	if isPattern(c.Op) {
		test, err := pattern(c.Op, values[0])
		if err != nil {
			return nil, &FieldError{Field: c.Field.Path, Offset: c.Values[0].Offset, Message: err.Error()}
		}
		return test, nil
	}
	return ordered(c.Op, values, strings.Compare), nil
}

// integerTest returns what a whole number has to fulfil.
func integerTest(c *tsl.Comparison) (func(int64) bool, error) {
	values, err := integers(c)
	return ordered(c.Op, values, cmp.Compare[int64]), err
}

// instantTest returns what a time has to fulfil.
func instantTest(c *tsl.Comparison) (func(time.Time) bool, error) {
	values, err := instants(c)
	return ordered(c.Op, values, time.Time.Compare), err
}

func texts(c *tsl.Comparison) ([]string, error) {
	return literals(c, func(v tsl.Value) (string, error) {
		if v.Kind == tsl.StringValue {
			return v.Text, nil
		}
		if strings.HasPrefix(c.Field.Path, labelPrefix) {
			return "", fmt.Errorf("the value of a label is a text: write '%s', in single quotes", v.Text)
		}
		return "", fmt.Errorf("takes a text in single quotes, as in %s %s '%s'", c.Field.Path, example(c.Op), v.Text)
	})
}

// example is the operator as it may stand before one value.
func example(op tsl.Op) tsl.Op {
	switch op {
	case tsl.In, tsl.NotIn, tsl.Between, tsl.NotBetween:
		return tsl.Equal
	}
	return op
}

// statuses refuses what no condition can have as its status: searched for, it
// would match nothing without a word.
func statuses(c *tsl.Comparison) ([]string, error) {
	if !isEquality(c.Op) {
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Values[0].Offset,
			Message: fmt.Sprintf("the status of a condition is compared with =, !=, in or not in, not with %s", c.Op),
		}
	}
	return literals(c, func(v tsl.Value) (string, error) {
		switch metav1.ConditionStatus(v.Text) {
		case metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown:
			if v.Kind == tsl.StringValue {
				return v.Text, nil
			}
		}
		return "", errors.New("the status of a condition is 'True', 'False' or 'Unknown', in this case and in single quotes")
	})
}

func integers(c *tsl.Comparison) ([]int64, error) {
	if isPattern(c.Op) {
		return nil, noText(c, "a number")
	}
	return literals(c, func(v tsl.Value) (int64, error) {
		if v.Kind == tsl.NumberValue && v.Number.Float == 0 {
			return v.Number.Whole, nil
		}
		if n, err := strconv.ParseInt(v.Text, 10, 64); v.Kind == tsl.StringValue && err == nil {
			return n, nil
		}
		return 0, fmt.Errorf("takes a whole number, as in %s %s 3", c.Field.Path, example(c.Op))
	})
}

func instants(c *tsl.Comparison) ([]time.Time, error) {
	if isPattern(c.Op) {
		return nil, noText(c, "a time")
	}
	return literals(c, func(v tsl.Value) (time.Time, error) {
		if v.Kind != tsl.StringValue && v.Kind != tsl.TimeValue {
			return time.Time{}, fmt.Errorf("takes a date or an RFC 3339 time, as in %s %s '2026-01-31T10:00:00Z'", c.Field.Path, example(c.Op))
		}
		return tsl.ParseTime(v.Text)
	})
}

// noText refuses a pattern for what is no text.
func noText(c *tsl.Comparison, kind string) error {
	return &FieldError{
		Field:   c.Field.Path,
		Offset:  c.Values[0].Offset,
		Message: fmt.Sprintf("%s compares text, and this is %s", c.Op, kind),
	}
}

// literals converts the values of a comparison. The error of convert says what is
// wrong with a value.
func literals[V any](c *tsl.Comparison, convert func(tsl.Value) (V, error)) ([]V, error) {
	converted := make([]V, len(c.Values))
	for i, value := range c.Values {
		var err error
		if converted[i], err = convert(value); err != nil {
			return nil, &FieldError{Field: c.Field.Path, Offset: value.Offset, Message: err.Error()}
		}
	}
	return converted, nil
}
