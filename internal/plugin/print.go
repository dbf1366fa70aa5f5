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

package plugin

import (
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
)

// A resultPrinter prints like kubectl get.
type resultPrinter struct {
	out, errOut io.Writer
	printers.ResourcePrinter
	objects bool // print objects rather than a table
}

// printer returns the printer that the flags select.
func (o *searchOptions) printer() (*resultPrinter, error) {
	p := &resultPrinter{out: o.streams.Out, errOut: o.streams.ErrOut}
	options := o.table
	options.Wide = *o.print.OutputFormat == "wide"
	options.WithNamespace = o.allNamespaces
	if options.Wide || *o.print.OutputFormat == "" && *o.print.TemplatePrinterFlags.TemplateArgument == "" {
		p.ResourcePrinter = printers.NewTablePrinter(options)
		return p, nil
	}
	p.objects = true
	var err error
	p.ResourcePrinter, err = o.print.ToPrinter()
	var unknown genericclioptions.NoCompatiblePrinterError
	if errors.As(err, &unknown) {
		unknown.AllowedFormats = append(unknown.AllowedFormats, "wide")
		return nil, unknown
	}
	return p, err
}

// print prints a table of the objects in a namespace, or in all namespaces if it is "".
func (p *resultPrinter) print(found *metav1.Table, namespace string) error {
	list, err := decodeObjects(found)
	if err != nil {
		return err
	}
	if p.objects {
		return p.PrintObj(list, p.out)
	}
	if len(found.Rows) > 0 {
		return p.PrintObj(found, p.out)
	}
	if namespace == metav1.NamespaceAll {
		_, err = fmt.Fprintln(p.errOut, "No resources found")
	} else {
		_, err = fmt.Fprintf(p.errOut, "No resources found in %s namespace.\n", namespace)
	}
	return err
}

// decodeObjects decodes the objects of a table's rows in place, and returns them
// as the list that kubectl get shows.
func decodeObjects(table *metav1.Table) (*unstructured.UnstructuredList, error) {
	list := &unstructured.UnstructuredList{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "List",
		"metadata":   map[string]any{"resourceVersion": ""},
	}}
	for i := range table.Rows {
		object, err := runtime.Decode(unstructured.UnstructuredJSONScheme, table.Rows[i].Object.Raw)
		if err != nil {
			return nil, fmt.Errorf("decode an object: %w", err)
		}
		table.Rows[i].Object.Object = object
		list.Items = append(list.Items, *object.(*unstructured.Unstructured))
	}
	return list, nil
}
