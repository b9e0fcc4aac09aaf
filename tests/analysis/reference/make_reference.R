# Reference values for tests/analysis, made with R's survival package. R is not needed to run the tests:
# they read reference.json, which also holds the inputs. To make it again, from the repository's root:
#   Rscript tests/analysis/reference/make_reference.R > tests/analysis/reference/reference.json
suppressPackageStartupMessages(library(survival))

# A small JSON writer, so that nothing beyond base R and survival is needed. NA and infinities become null.
json <- function(x) {
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(inner, collapse = ", "), "]"))
    return(paste0("{", paste0("\"", names(x), "\": ", inner, collapse = ",\n "), "}"))
  }
  one <- function(v) {
    if (is.character(v)) return(paste0("\"", v, "\""))
    if (is.na(v) || is.infinite(v)) return("null")
    format(v, digits = 16)
  }
  values <- vapply(as.list(x), one, "")
  if (length(x) == 1 && is.null(attr(x, "vector"))) return(values)
  paste0("[", paste(values, collapse = ", "), "]")
}
many <- function(x) structure(unname(x), vector = TRUE)

# ---- data sets: time, event, group (0 or 1), entry (NULL where nobody enters late), stratum
ok <- complete.cases(lung[, c("time", "status", "sex", "ph.ecog")])
colon_death <- subset(colon, etype == 2 & rx != "Lev")
sets <- list(
  lung = list(time = lung$time[ok], event = lung$status[ok] - 1, group = lung$sex[ok] - 1,
              stratum = lung$ph.ecog[ok]),
  veteran = list(time = veteran$time, event = veteran$status, group = veteran$trt - 1,
                 stratum = as.integer(veteran$celltype)),
  ovarian = list(time = ovarian$futime, event = ovarian$fustat, group = ovarian$rx - 1,
                 stratum = ovarian$ecog.ps),
  colon = list(time = colon_death$time, event = colon_death$status, group = as.integer(colon_death$rx != "Obs"),
               stratum = colon_death$extent),
  # S(t) is 0.5 exactly between 4 and 7 in both groups' union: R prints the midpoint of the step
  plateau = list(time = c(1, 2, 3, 4, 7, 8, 9, 10), event = c(1, 1, 1, 1, 1, 1, 1, 0),
                 group = c(0, 1, 0, 1, 0, 1, 0, 1), stratum = c(1, 1, 1, 1, 2, 2, 2, 2)),
  # S(t) ends at 0.5 exactly
  plateau_last = list(time = c(1, 2, 5, 6), event = c(1, 1, 0, 0), group = c(0, 1, 0, 1), stratum = c(1, 1, 2, 2)),
  ties = list(time = c(2, 2, 2, 3, 3, 5, 5, 5, 5, 8, 8, 9, 9, 9, 12, 12), event = c(1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1),
              group = c(0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1), stratum = rep(c(1, 2), 8)),
  day_zero = list(time = c(0, 0, 1, 4, 4, 6, 10, 11), event = c(1, 0, 1, 1, 0, 1, 1, 0), group = c(0, 1, 0, 1, 0, 1, 0, 1),
                  stratum = rep(1, 8)),
  # every third patient comes under observation late; some entries fall on the day of another's event
  entry = list(time = lung$time[ok], event = lung$status[ok] - 1, group = lung$sex[ok] - 1, stratum = lung$ph.ecog[ok],
               entry = ifelse(seq_len(sum(ok)) %% 3 == 0, floor(lung$time[ok] * 0.4), 0)),
  entry_ties = list(time = c(3, 4, 5, 5, 6, 7, 8, 8, 9, 10), event = c(1, 1, 1, 0, 1, 1, 1, 0, 1, 0),
                    group = c(0, 1, 0, 1, 0, 1, 0, 1, 0, 1), stratum = rep(1, 10), entry = c(0, 0, 0, 3, 4, 5, 0, 5, 6, 0))
)

# a set on which one group has no event, and one on which the events of both never meet: Firth's method has an answer
firth_sets <- c(sets[setdiff(names(sets), c("entry", "entry_ties"))], list(
  no_event = list(time = c(2, 3, 5, 7, 8, 9, 11, 12), event = c(1, 1, 0, 1, 0, 0, 0, 0), group = c(0, 0, 0, 0, 1, 1, 1, 1)),
  separated = list(time = c(1, 2, 3, 4, 5, 6), event = c(1, 1, 1, 1, 1, 1), group = c(0, 0, 0, 1, 1, 1))
))
weights_of <- function(n) 0.3 + ((seq_len(n) * 7) %% 11) / 8  # case weights, from 0.3 to 1.55

response <- function(d) {
  if (is.null(d$entry)) return(Surv(d$time, d$event))
  Surv(ifelse(d$entry > 0, d$entry, -1), d$time, d$event)  # -1: observed from the start on
}

km <- function(y, at) {
  fit <- survfit(y ~ 1, conf.type = "log-log")
  tab <- summary(fit)$table
  s <- summary(fit, times = at)
  list(n = fit$n, events = unname(tab["events"]), median = unname(tab["median"]),
       low = unname(tab["0.95LCL"]), high = unname(tab["0.95UCL"]),
       times = many(s$time), survival = many(s$surv), lower = many(s$lower), upper = many(s$upper), at_risk = many(s$n.risk))
}

# survRM2's formula (Uno et al.): area under the curve up to tau and its Greenwood-type variance
rmst <- function(y, tau) {
  fit <- survfit(y ~ 1)
  keep <- fit$time <= tau
  times <- sort(c(fit$time[keep], tau))
  s <- fit$surv[keep]
  areas <- diff(c(0, times)) * c(1, s)
  d <- fit$n.event[keep]; r <- fit$n.risk[keep]
  w <- ifelse(r - d == 0, 0, d / (r * (r - d)))
  w <- c(w, 0)
  list(tau = tau, rmst = sum(areas), se = sqrt(sum(cumsum(rev(areas[-1]))^2 * rev(w)[-1])))
}

# survdiff takes no delayed entry: observed minus expected in the other group, hypergeometric variance
logrank_entry <- function(d) {
  o <- e <- v <- 0
  for (t in unique(d$time[d$event == 1])) {
    risk <- d$time >= t & (d$entry < t | d$entry == 0)
    dead <- d$time == t & d$event == 1
    n <- sum(risk); n1 <- sum(risk & d$group == 1); m <- sum(dead & risk)
    o <- o + sum(dead & d$group == 1); e <- e + m * n1 / n
    if (n > 1) v <- v + m * (n1 / n) * (1 - n1 / n) * (n - m) / (n - 1)
  }
  list(chi_square = (o - e)^2 / v, p = pchisq((o - e)^2 / v, 1, lower.tail = FALSE))
}

one_set <- function(d) {
  y <- response(d)
  at <- unique(quantile(d$time[d$event == 1], c(.1, .25, .5, .75, .9), type = 1))
  out <- list(time = many(d$time), event = many(d$event), group = many(d$group), stratum = many(d$stratum))
  if (!is.null(d$entry)) out$entry <- many(d$entry)
  out$km <- km(y, at)
  out$km_by_group <- list(km(y[d$group == 0], at), km(y[d$group == 1], at))
  if (is.null(d$entry)) {
    reverse <- survfit(Surv(d$time, 1 - d$event) ~ 1, conf.type = "log-log")
    tab <- summary(reverse)$table
    out$follow_up <- list(median = unname(tab["median"]), low = unname(tab["0.95LCL"]), high = unname(tab["0.95UCL"]))
    tau <- min(max(d$time[d$group == 0]), max(d$time[d$group == 1]))
    a <- rmst(y[d$group == 0], tau); b <- rmst(y[d$group == 1], tau)
    diff <- b$rmst - a$rmst; se <- sqrt(a$se^2 + b$se^2)
    out$rmst <- list(reference = a, other = b, difference = diff, low = diff - qnorm(.975) * se, high = diff + qnorm(.975) * se,
                     p = 2 * pnorm(-abs(diff) / se))
    lr <- survdiff(y ~ d$group)
    st <- survdiff(y ~ d$group + strata(d$stratum))
    out$logrank <- list(chi_square = lr$chisq, p = pchisq(lr$chisq, 1, lower.tail = FALSE))
    out$logrank_stratified <- list(chi_square = st$chisq, p = pchisq(st$chisq, 1, lower.tail = FALSE))
  } else {
    out$logrank <- logrank_entry(d)
  }
  fit <- coxph(y ~ group, data = d, ties = "efron", control = coxph.control(eps = 1e-11, toler.chol = 1e-12, iter.max = 50))
  s <- summary(fit)
  out$cox <- list(hr = unname(s$conf.int[1, 1]), low = unname(s$conf.int[1, 3]), high = unname(s$conf.int[1, 4]),
                  p = unname(s$coefficients[1, 5]))
  z <- cox.zph(fit, transform = "km")
  out$zph <- list(chi_square = unname(z$table["group", "chisq"]), p = unname(z$table["group", "p"]))
  out$weighted <- weighted(d, y, at)
  out$cumulative_incidence <- incidence(d, at)
  if (is.null(d$entry)) {
    x <- (seq_along(d$time) * 13) %% 17
    tau <- concordance(y ~ x)
    out$tau <- list(tau = unname(2 * tau$concordance - 1), se = 2 * sqrt(tau$var))
    out$interval_censored <- npmle(d, at)
  }
  out
}

# ---- weighted: survfit's and coxph's robust (infinitesimal jackknife) variance
area <- function(y, w, tau) {  # integrates the curve and each patient's influence on it
  fit <- survfit(y ~ 1, weights = w, robust = TRUE, id = seq_along(w), influence = 1)
  at <- c(0, fit$time[fit$time < tau], tau)
  step <- function(v, first) c(first, v[fit$time < tau])
  influence <- apply(fit$influence.surv, 1, function(u) sum(diff(at) * step(u, 0)))
  list(rmst = sum(diff(at) * step(fit$surv, 1)), se = sqrt(sum(influence^2)))
}
weighted_km <- function(y, w, at) {
  fit <- survfit(y ~ 1, weights = w, robust = TRUE, id = seq_along(w), conf.type = "log-log")
  tab <- summary(fit)$table
  s <- summary(fit, times = at, extend = TRUE)
  list(median = unname(tab["median"]), low = unname(tab["0.95LCL"]), high = unname(tab["0.95UCL"]), times = many(at),
       survival = many(s$surv), lower = many(s$lower), upper = many(s$upper), at_risk = many(s$n.risk))
}
hazard <- function(fit, i = 1) {
  s <- summary(fit)
  list(hr = unname(s$conf.int[i, 1]), low = unname(s$conf.int[i, 3]), high = unname(s$conf.int[i, 4]),
       p = unname(s$coefficients[i, ncol(s$coefficients)]))
}
difference <- function(y, w, group, tau) {
  a <- area(y[group == 0], w[group == 0], tau); b <- area(y[group == 1], w[group == 1], tau)
  d <- b$rmst - a$rmst; se <- sqrt(a$se^2 + b$se^2)
  list(tau = tau, reference = a, other = b, difference = d, low = d - qnorm(.975) * se, high = d + qnorm(.975) * se,
       p = 2 * pnorm(-abs(d) / se))
}
exact <- coxph.control(eps = 1e-11, toler.chol = 1e-12, iter.max = 50)
weighted <- function(d, y, at) {
  w <- weights_of(length(d$time)); group <- d$group
  seen <- if (is.null(d$entry)) TRUE else d$entry == 0 | d$time > d$entry
  same <- rep(0.7, length(w))  # survival is 0.5 on a step in the plateau sets, up to rounding
  list(km = weighted_km(y, w, at), km_by_group = list(weighted_km(y[group == 0], w[group == 0], at),
                                                      weighted_km(y[group == 1], w[group == 1], at)),
       same_weights = weighted_km(y, same, at),
       rmst = difference(y, w, group, min(max(d$time[group == 0]), max(d$time[group == 1]))),
       cox = hazard(coxph(y ~ group, weights = w, robust = TRUE, id = seq_along(w), control = exact)),
       cox_robust = hazard(coxph(y ~ group, robust = TRUE, id = seq_along(w), control = exact)))
}

# ---- competing risks: every third event is the other one
incidence <- function(d, at) {
  n <- length(d$time)
  state <- ifelse(d$event == 1, ifelse(seq_len(n) %% 3 == 0, 2, 1), 0)
  f <- factor(state, 0:2, c("censored", "event", "competing"))
  y <- if (is.null(d$entry)) Surv(d$time, f) else Surv(ifelse(d$entry > 0, d$entry, -1), d$time, f)
  fit <- survfit(y ~ 1, id = seq_len(n), conf.type = "log-log")
  s <- summary(fit, times = at, extend = TRUE)
  k <- match("event", fit$states)
  list(times = many(at), incidence = many(s$pstate[, k]), lower = many(s$lower[, k]), upper = many(s$upper[, k]))
}

# ---- interval censoring: events are seen at the next of the visits, 40 % of the median follow-up apart; one in five exactly
npmle <- function(d, at) {
  gap <- max(1, floor(median(d$time) * 0.4)); n <- length(d$time)
  left <- ifelse(d$event == 1, floor((d$time - 1e-9) / gap) * gap, d$time)
  left <- pmax(left, 0)
  right <- ifelse(d$event == 1, left + gap, NA)
  known <- d$event == 1 & seq_len(n) %% 5 == 0
  left[known] <- right[known] <- d$time[known]
  fit <- turnbull(left, ifelse(is.na(right), Inf, right))
  at <- at[at <= max(left, right, na.rm = TRUE)]
  list(left = many(left), right = many(right), median = fit$median, times = many(at),
       survival = many(vapply(at, function(t) 1 - sum(fit$mass[fit$time <= t]), 0)))
}
# Turnbull's estimate itself, because survfit (3.5) stops about 1e-3 away from the maximum, and loses the mass of those
# who are censored after the last jump: survfit(Surv(c(5, 6), c(5, NA), type = "interval2") ~ 1) says 1/3, not 1/2
turnbull <- function(left, right) {
  exact <- left == right
  ends <- sort(unique(right))
  begins <- vapply(ends, function(p) max(-Inf, left[!exact & left < p]), 0)
  inner <- data.frame(l = c(begins, sort(unique(left[exact]))), r = c(ends, sort(unique(left[exact]))))
  inner <- inner[is.finite(inner$l), ]
  a <- outer(seq_along(left), seq_len(nrow(inner)), Vectorize(function(i, j) {
    if (exact[i]) inner$l[j] == left[i] && inner$r[j] == left[i]
    else inner$r[j] <= right[i] && (inner$l[j] >= left[i] && !(inner$l[j] == inner$r[j] && inner$l[j] == left[i]))
  })) * 1
  mass <- rep(1 / ncol(a), ncol(a))
  repeat {
    new <- mass * colMeans(a / drop(a %*% mass))
    if (max(abs(new - mass)) < 1e-14) break
    mass <- new
  }
  time <- ifelse(is.infinite(inner$r), Inf, (inner$l + inner$r) / 2)  # R draws a mass at the middle of its interval
  o <- order(time); time <- time[o]; mass <- mass[o]
  jump <- mass > 1e-10
  s <- 1 - cumsum(mass[jump]); t <- time[jump]
  i <- which(s < .5 + 1e-8)[1]
  list(time = time, mass = mass, median = if (is.infinite(t[i])) NA else if (abs(s[i] - .5) < 1e-8 && is.finite(t[i + 1])) mean(t[i + 0:1]) else t[i])
}

# ---- Firth: the penalised likelihoods themselves, maximised and cut by base R
limits <- function(profile, top, beta, step) {  # where the profile has come down by half a chi-square quantile
  gap <- function(b) profile(b) - top + qchisq(.95, 1) / 2
  one <- function(side) {
    far <- side * step
    while (gap(beta + far) > 0) far <- far * 1.5
    uniroot(gap, sort(c(beta, beta + far)), tol = 1e-11 * step)$root
  }
  c(one(-1), one(1))
}
firth_cox <- function(d) {  # Heinze and Schemper 2001, one column, Breslow's ties
  pl <- function(b) {
    score <- 0; information <- 0
    for (t in unique(d$time[d$event == 1])) {
      x <- d$group[d$time >= t]; dead <- d$group[d$time == t & d$event == 1]; w <- exp(b * (x - mean(x))); p <- sum(w * x) / sum(w)
      score <- score + b * sum(dead - mean(x)) - length(dead) * log(sum(w))
      information <- information + length(dead) * (sum(w * x^2) / sum(w) - p^2)
    }
    score + log(information) / 2
  }
  beta <- optimize(pl, c(-15, 15), maximum = TRUE, tol = 1e-12)$maximum
  # optimize sees the flat top to 1e-8 only: the root of the slope is sharper
  slope <- function(b, h = 1e-4) (8 * (pl(b + h) - pl(b - h)) - (pl(b + 2 * h) - pl(b - 2 * h))) / (12 * h)
  beta <- uniroot(slope, beta + c(-.05, .05), tol = 1e-12)$root
  ends <- limits(pl, pl(beta), beta, 0.5)
  list(hr = exp(beta), low = exp(ends[1]), high = exp(ends[2]), p = pchisq(2 * (pl(beta) - pl(0)), 1, lower.tail = FALSE))
}
firth_logistic <- function(x, y) {  # Heinze and Schemper 2002: x with its intercept
  pl <- function(b) {
    eta <- drop(x %*% b); p <- plogis(eta)
    sum(y * plogis(eta, log.p = TRUE) + (1 - y) * plogis(-eta, log.p = TRUE)) +
      determinant(crossprod(x * sqrt(p * (1 - p))))$modulus / 2
  }
  scale <- apply(x, 2, sd); scale[1] <- 1
  fit <- function(fixed, at = 0) {  # one coefficient held where `fixed` says; two methods in turn until both stand still
    free <- setdiff(seq_len(ncol(x)), fixed)
    value <- function(v) { b <- numeric(ncol(x)); b[fixed] <- at; b[free] <- v / scale[free]; b }
    best <- list(par = numeric(length(free)), value = -Inf)
    repeat {
      before <- best$value
      for (method in c("Nelder-Mead", "BFGS")[if (length(free) > 1) 1:2 else 2]) {
        found <- optim(best$par, function(v) pl(value(v)), method = method,
                       control = list(fnscale = -1, reltol = 1e-15, maxit = 2000))
        if (found$value > best$value) best <- found
      }
      if (best$value <= before + 1e-12) break
    }
    value(best$par)
  }
  b <- fit(integer(0)); top <- pl(b)
  for (i in 1:200) {  # BFGS sees the flat top to 1e-7 only: Newton on Firth's modified score goes on from there
    p <- plogis(drop(x %*% b)); xw <- x * sqrt(p * (1 - p)); inverse <- solve(crossprod(xw))
    h <- rowSums((xw %*% inverse) * xw)
    b <- b + drop(inverse %*% crossprod(x, y - p + h * (.5 - p)))
  }
  lapply(seq_len(ncol(x))[-1], function(j) {
    ends <- limits(function(v) pl(fit(j, v)), top, b[j], 0.5 / sd(x[, j]))
    list(or = exp(b[j]), low = exp(ends[1]), high = exp(ends[2]), p = pchisq(2 * (top - pl(fit(j, 0))), 1, lower.tail = FALSE))
  })
}

# ---- the adjusted comparison: propensity by glm, overlap weights, every weighted estimate after them
adjusted_sets <- list(
  lung = with(lung[ok, ], data.frame(time, event = status - 1, group = sex - 1, age, ph.ecog)),
  veteran = with(veteran, data.frame(time, event = status, group = trt - 1, age, karno, prior = prior / 10)),
  gbsg = with(gbsg[1:300, ], data.frame(time = rfstime, event = status, group = hormon, age, size, nodes, grade))
)
smd <- function(x, group, w) {  # weighted means over the unweighted standard deviation
  a <- x[group == 0]; b <- x[group == 1]; s <- sqrt((var(a) + var(b)) / 2)
  c(before = (mean(b) - mean(a)) / s, after = (weighted.mean(b, w[group == 1]) - weighted.mean(a, w[group == 0])) / s)
}
adjusted <- function(d) {
  covariates <- setdiff(names(d), c("time", "event", "group"))
  propensity <- glm(reformulate(covariates, "group"), binomial, d, control = glm.control(epsilon = 1e-14, maxit = 50))
  e <- fitted(propensity); w <- unname(ifelse(d$group == 1, 1 - e, e)); y <- with(d, Surv(time, event))
  s <- summary(propensity)$coefficients
  cox <- coxph(reformulate(c("group", covariates), "y"), d, control = exact)
  at <- unname(quantile(d$time[d$event == 1], c(.25, .5, .75), type = 1))
  x <- model.matrix(propensity)
  roc <- concordance(d$group ~ e)
  balance <- vapply(d[covariates], smd, c(0, 0), group = d$group, w = w)
  list(columns = lapply(d, many), covariates = many(covariates),
       logistic = lapply(seq_along(covariates) + 1, function(i) list(or = exp(s[i, 1]), low = exp(s[i, 1] - qnorm(.975) * s[i, 2]),
                                                                     high = exp(s[i, 1] + qnorm(.975) * s[i, 2]), p = s[i, 4])),
       firth_logistic = firth_logistic(x, d$group),
       auc = list(auc = unname(roc$concordance), se = sqrt(roc$var)),
       cox = lapply(seq_along(c("group", covariates)), function(i) hazard(cox, i)),
       overlap = list(hazard_ratio = hazard(coxph(y ~ group, d, weights = w, robust = TRUE, control = exact)),
                      km = lapply(0:1, function(g) weighted_km(y[d$group == g], w[d$group == g], at)),
                      rmst = difference(y, w, d$group, min(tapply(d$time, d$group, max))),
                      effective = many(tapply(w, d$group, function(v) sum(v)^2 / sum(v^2))),
                      smd_before = many(balance["before", ]), smd_after = many(balance["after", ])))
}
separated_logistic <- list(x = c(0, 0, 0, 0, 1, 1, 1, 1, 1), z = c(1.2, 0.4, 2.2, 1.7, 0.3, 1.1, 2.9, 1.4, 0.8), y = c(0, 0, 0, 0, 1, 1, 0, 1, 1))
chi <- function(m) { t <- suppressWarnings(chisq.test(m, correct = FALSE)); list(table = apply(m, 1, many, simplify = FALSE), statistic = unname(t$statistic),
                                                                                 df = unname(t$parameter), p = t$p.value) }

# ---- proportions
wilson <- function(x, n, z = qnorm(.975)) {
  p <- x / n
  centre <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2)) / (1 + z^2 / n)
  c(centre - half, centre + half)
}
newcombe <- function(x1, n1, x0, n0) {  # Newcombe 1998, method 10: p1 - p0 from the two Wilson intervals
  p1 <- x1 / n1; p0 <- x0 / n0; w1 <- wilson(x1, n1); w0 <- wilson(x0, n0); d <- p1 - p0
  list(x1 = x1, n1 = n1, x0 = x0, n0 = n0, difference = d, low = d - sqrt((p1 - w1[1])^2 + (w0[2] - p0)^2),
       high = d + sqrt((w1[2] - p1)^2 + (p0 - w0[1])^2), fisher_p = fisher.test(matrix(c(x1, n1 - x1, x0, n0 - x0), 2))$p.value)
}
clopper <- function(x, n) { b <- binom.test(x, n); list(x = x, n = n, low = b$conf.int[1], high = b$conf.int[2]) }

cat(json(list(
  made_by = "tests/analysis/reference/make_reference.R", r_version = R.version.string,
  survival_version = as.character(packageVersion("survival")),
  sets = lapply(sets, one_set),
  clopper_pearson = list(clopper(16, 29), clopper(9, 18), clopper(0, 19), clopper(19, 19), clopper(1, 48)),
  newcombe = list(newcombe(16, 29, 9, 18), newcombe(0, 19, 5, 29), newcombe(19, 19, 10, 29), newcombe(56, 70, 48, 80)),
  firth_cox = lapply(firth_sets, function(d) c(list(time = many(d$time), event = many(d$event), group = many(d$group)), firth_cox(d))),
  separated_logistic = c(lapply(separated_logistic, many), list(
    firth = with(separated_logistic, firth_logistic(cbind(1, x, z), y)))),
  adjusted = lapply(adjusted_sets, adjusted),
  chi_square = list(chi(matrix(c(10, 20, 5, 30), 2)), chi(matrix(c(10, 20, 15, 5, 30, 4), 2)), chi(matrix(c(3, 1, 2, 4, 0, 6), 3)))
)), "\n")
