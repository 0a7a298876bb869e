/* The compiled losses: value and slope, the derivative of a sample's loss in its raw outputs.

   The formulas are those of lossbench/losses, where their sources stand; losses.py gives each its number. Some take
   every output by itself (by_output.h), others look at all outputs of a row (by_class.h), at pairs of rows (by_pair.h),
   or at all rows and all targets of a batch, as two samples (by_sample.h). */
#ifndef LOSSES_H
#define LOSSES_H

#include "functions.h"

#define OF_YES_OR_NO(each) each(BCE) each(MSE_P) each(MSE_LOGITS) each(MSE_PM1) each(MAE_P) each(FOCAL) each(HINGE) \
    each(SQUARED_HINGE) each(MODIFIED_HUBER) each(EXPONENTIAL) each(SAVAGE) each(UNHINGED) each(POLY1) each(NCE) \
    each(WEIGHTED_BCE) each(ASYMMETRIC)
#define OF_VALUES(each) each(MSE) each(MAE) each(HUBER) each(LOG_COSH) each(PINBALL) each(MAPE) each(EXPECTILE) \
    each(EPSILON_INSENSITIVE) each(PSEUDO_HUBER) each(CAUCHY) each(GEMAN_MCCLURE) each(WELSCH) each(TUKEY) each(BARRON) \
    each(SMAPE)
#define OF_A_CLASS(each) each(CE) each(BRIER) each(CLASS_MSE_LOGITS) each(CLASS_MAE) each(CLASS_HINGE) each(CLASS_BCE) \
    each(CLASS_FOCAL) each(SMOOTHING) each(GCE) each(SCE) each(RCE) each(CLASS_POLY1) each(TAYLOR_CE) each(CLASS_NCE) \
    each(NCE_RCE) each(CLASS_UNHINGED) each(SQUENTROPY) each(MULTI_MARGIN) each(EMD) each(BI_TEMPERED) \
    each(LOGIT_ADJUSTED) each(CLASS_BALANCED)
#define OF_LABELS(each) each(LABELS_CE) /* that compete */
#define OF_PAIRS(each) each(TRIPLET) each(TRIPLET_SEMI_HARD) each(CONTRASTIVE) each(SUPCON)
#define OF_SAMPLES(each) each(WASSERSTEIN) each(ENERGY) each(MMD) each(SINKHORN) each(KL_HISTOGRAM)

#define NAMED(loss) loss,
enum { OF_YES_OR_NO(NAMED) OF_VALUES(NAMED) OF_A_CLASS(NAMED) OF_LABELS(NAMED) OF_PAIRS(NAMED) OF_SAMPLES(NAMED) };
#undef NAMED

INLINE int by_output(int loss) { return loss < CE; }
INLINE int of_pairs(int loss) { return loss > LABELS_CE && loss < WASSERSTEIN; }
INLINE int of_samples(int loss) { return loss >= WASSERSTEIN; }
INLINE int of_class(int loss) { return (loss >= CE && loss < LABELS_CE) || of_pairs(loss); }

INLINE V square(V x) { return x * x; }

#include "by_class.h"
#include "by_output.h"
#include "by_pair.h"
#include "by_sample.h"

#endif
