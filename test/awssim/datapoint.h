/* SPDX-License-Identifier: Apache-2.0 */
/* datapoint: a set of samples as CloudWatch keeps it, from which every statistic of any period comes. Pure. */
#ifndef KDIAG_AWSSIM_DATAPOINT_H
#define KDIAG_AWSSIM_DATAPOINT_H

/* samples 0: there is no datapoint. */
struct datapoint {
	double samples, sum, min, max;
};

/* In the order of datapoint_statistics. */
enum datapoint_statistic {
	DATAPOINT_SUM,
	DATAPOINT_AVERAGE,
	DATAPOINT_MAXIMUM,
	DATAPOINT_MINIMUM,
	DATAPOINT_SAMPLE_COUNT,
};
/* "Sum" …; NULL-terminated. */
extern const char *const datapoint_statistics[];

void datapoint_add(struct datapoint *all, const struct datapoint *one);
/* So much (0 to 1) of the samples has arrived: at least one of them, unless there was none or it is 0. */
void datapoint_keep(struct datapoint *point, double share);
double datapoint_value(const struct datapoint *point, enum datapoint_statistic statistic);

#endif
