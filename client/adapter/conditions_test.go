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

package adapter

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestConditions(t *testing.T) {
	broken := errors.New("the zone is locked")
	cases := map[string]struct {
		deleted bool
		report  Report
		failed  error
		want    string // type=status(reason) of each, in order
	}{
		"a result": {
			report: Report{Status: metav1.ConditionTrue, Reason: "RecordsWritten"},
			want:   "Available=True(RecordsWritten) Applied=True(RecordsWritten) Health=True(Healthy)",
		},
		"no status is work in progress": {
			want: "Available=Unknown(Working) Applied=Unknown(Working) Health=True(Healthy)",
		},
		"an error undoes no result": {
			report: Report{Status: metav1.ConditionTrue, Reason: "RecordsWritten"},
			failed: broken,
			want:   "Available=Unknown(ReconcileFailed) Applied=Unknown(ReconcileFailed) Health=False(ReconcileFailed)",
		},
		"finalized": {
			deleted: true,
			report:  Report{Status: metav1.ConditionTrue, Reason: "RecordsRemoved"},
			want:    "Available=False(Finalizing) Applied=False(Finalizing) Finalized=True(RecordsRemoved) Health=True(Healthy)",
		},
		"finalizing": {
			deleted: true,
			want:    "Available=False(Finalizing) Applied=False(Finalizing) Finalized=False(Working) Health=True(Healthy)",
		},
		"finalizing fails": {
			deleted: true,
			report:  Report{Status: metav1.ConditionTrue},
			failed:  broken,
			want:    "Available=False(Finalizing) Applied=False(Finalizing) Finalized=False(ReconcileFailed) Health=False(ReconcileFailed)",
		},
		"the adapter's own conditions": {
			report: Report{Status: metav1.ConditionTrue, Reason: "Done", Conditions: []hyperfleetv1.AdapterCondition{
				{Type: AppliedCondition, Status: metav1.ConditionFalse, Reason: "Partly"},
				{Type: "Propagated", Status: metav1.ConditionUnknown, Reason: "Waiting"},
			}},
			want: "Available=True(Done) Health=True(Healthy) Applied=False(Partly) Propagated=Unknown(Waiting)",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, condition := range conditions(c.deleted, c.report, c.failed) {
				got = append(got, condition.Type+"="+string(condition.Status)+"("+condition.Reason+")")
				if condition.Status == metav1.ConditionFalse && condition.Type == HealthCondition && condition.Message != broken.Error() {
					t.Errorf("Health has the message %q, want %q", condition.Message, broken)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("conditions are %s, want %s", got, c.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("x", maxMessage), strings.Repeat("ä", maxMessage), "x" + strings.Repeat("€", maxMessage)} {
		got := cut(s)
		if len(got) > maxMessage || !utf8.ValidString(got) || !strings.HasPrefix(s, got) || len(s) > maxMessage && len(got) < maxMessage-utf8.UTFMax {
			t.Errorf("cut of %d bytes has %d bytes", len(s), len(got))
		}
	}
}
